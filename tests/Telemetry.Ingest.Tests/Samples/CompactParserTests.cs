using System.Buffers;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class CompactParserTests
{
    private static ReferenceWriter Good() => new ReferenceWriter()
        .Add("cpu", 2, "ns", "r1", "p1", "u1", "openstack", """{"b":1,"a":"x"}""", Bodies.Now, 1.5)
        .Add("temp", 0, null, "r2", null, null, "hw", "{}", Bodies.Now - 1, -0.0);

    [Fact]
    public void A_body_written_after_the_document_is_read()
    {
        var batch = Read(Good().Write());

        Assert.Equal(
            [new SeriesKey("cpu", SampleType.Cumulative, "ns", "r1", "p1", "u1", "openstack"), new SeriesKey("temp", SampleType.Gauge, null, "r2", null, null, "hw")],
            batch.Series);
        Assert.Equal([Bodies.Now, Bodies.Now - 1], batch.Timestamps);
        Assert.Equal([1.5, -0.0], batch.Volumes);
        Assert.Equal("""{"a":"x","b":1}""", batch.Metadata[0].ToString());
    }

    [Fact]
    public void What_the_product_writes_is_what_it_read_as_json()
    {
        var json = Bodies.Read(Bodies.List(
            Bodies.Sample(("message_id", "\"11111111-2222-3333-4444-555555555555\""), ("message_signature", $"\"{new string('a', 64)}\"")),
            Bodies.Sample(("project_id", "\"p\""), ("resource_metadata", """{"a":{"b":[1]}}"""), ("message_id", "\"x\"")))).Batch;
        var bytes = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(json, bytes);

        var batch = Read(bytes.WrittenSpan.ToArray());

        Assert.Equal(json.Series, batch.Series);
        Assert.Equal(json.Metadata, batch.Metadata);
        Assert.Equal(json.Timestamps, batch.Timestamps);
        Assert.Equal(json.Volumes, batch.Volumes);
        Assert.Equal((json.MessageIds![0], json.MessageIds[1]), (batch.MessageIds![0], batch.MessageIds[1]));
        Assert.Equal(json.Signature(0), batch.Signature(0));
    }

    [Fact]
    public void Series_and_metadata_of_earlier_bodies_are_the_same_objects()
    {
        var reader = Bodies.Reader();

        var one = reader.Read(Good().Write(), SampleFormat.Compact, SampleRules.ForMessages()).Batch;
        var two = reader.Read(Good().Write(), SampleFormat.Compact, SampleRules.ForMessages()).Batch;

        Assert.Same(one.Series[0], two.Series[0]);
        Assert.Same(one.Metadata[0], two.Metadata[0]);
    }

    [Fact]
    public void A_limited_caller_owns_what_names_nobody_and_may_not_post_for_others()
    {
        var limited = SampleRules.ForMessages("p1", "u9", "p1");

        var batch = Read(Good().Write(), limited);
        var fault = Fault(Good().Add("cpu", 2, "ns", "r1", "p2", "u1", "openstack", "{}", Bodies.Now, 1).Write(), limited);

        Assert.Equal([("p1", "u1"), ("p1", "u9")], batch.Series.Select(s => (s.ProjectId, s.UserId)));
        Assert.Equal(new SampleFault(SampleFaultKind.Invalid, 2, "project_id", "p2", "can not post samples to other projects"), fault);
    }

    [Fact]
    public void An_empty_text_is_told_with_its_place_unless_it_may_be_empty()
    {
        Assert.Equal("openstack", Read(new ReferenceWriter().Add("m", 0, "", "r", "", "", "", "{}", 0, 1).Write()).Series[0].Source);
        Assert.Equal((0, "counter_name"), Fault(new ReferenceWriter().Add("", 0, "u", "r", null, null, "s", "{}", 0, 1).Write()) is var f ? (f.Index!.Value, f.Field!) : default);
        Assert.Equal((0, "resource_id"), Fault(new ReferenceWriter().Add("m", 0, "u", "a\0", null, null, "s", "{}", 0, 1).Write()) is var g ? (g.Index!.Value, g.Field!) : default);
    }

    [Fact]
    public void Broken_bodies_are_faults_of_the_format()
    {
        Assert.Equal(SampleFaultKind.NoSamples, Fault(new ReferenceWriter().Write()).Kind);
        Assert.Equal(SampleFaultKind.Format, Fault([]).Kind);
        Assert.Equal(SampleFaultKind.Format, Fault(new ReferenceWriter().Add("m", 0, "u", "r", null, null, "s", "{}", 0, double.NaN).Write()).Kind);
        Assert.Equal(SampleFaultKind.Format, Fault(new ReferenceWriter().Add("m", 0, "u", "r", null, null, "s", "[]", 0, 1).Write()).Kind);
        Assert.Equal(SampleFaultKind.Format, Fault(new ReferenceWriter().Add("m", 0, "u", "r", null, null, "s", "{}", UnixMicroseconds.Max + 1, 1).Write()).Kind);
    }

    [Fact]
    public void Damaged_bodies_are_read_or_refused_and_never_fail_otherwise()
    {
        var random = new Random(11);
        var reader = Bodies.Reader();
        var good = Good().Write();
        var refused = 0;
        for (var round = 0; round < 5_000; round++)
        {
            byte[] body = random.Next(4) == 0 ? good[..random.Next(good.Length)] : [.. good];
            for (var flips = random.Next(1, 4); flips > 0 && body.Length > 0; flips--)
                body[random.Next(body.Length)] ^= (byte)(1 << random.Next(8));
            try
            {
                reader.Read(body, SampleFormat.Compact, SampleRules.ForMessages("p1", "u1", random.Next(2) == 0 ? "p1" : null));
            }
            catch (SampleFaultException)
            {
                refused++;
            }
        }
        Assert.InRange(refused, 1_000, 4_999);
    }

    private static SampleBatch Read(byte[] body, SampleRules? rules = null) => Bodies.Reader().Read(body, SampleFormat.Compact, rules ?? SampleRules.ForMessages()).Batch;

    private static SampleFault Fault(byte[] body, SampleRules? rules = null) => Assert.Throws<SampleFaultException>(() => Read(body, rules)).Fault;
}
