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
    public void A_batch_of_the_series_of_one_before_has_the_very_array_that_its_caller_may_have()
    {
        var reader = Bodies.Reader();
        SampleBatch As(SampleRules rules) => reader.Read(Good().Write(), SampleFormat.Compact, rules).Batch;

        var (one, two, other) = (As(SampleRules.ForMessages("p1", "u9", "p1")), As(SampleRules.ForMessages("p1", "u9", "p1")), As(SampleRules.ForMessages("p1", "u8", "p1")));

        Assert.True(two.RepeatsSeries);
        Assert.Same(one.Series, two.Series);
        Assert.Equal([("p1", "u1"), ("p1", "u9")], two.Series.Select(s => (s.ProjectId, s.UserId)));
        Assert.Equal([("p1", "u1"), ("p1", "u8")], other.Series.Select(s => (s.ProjectId, s.UserId)));
        Assert.Equal("can not post samples to other projects",
            Assert.Throws<SampleFaultException>(() => As(SampleRules.ForMessages("p2", "u9", "p2"))).Fault.Reason);
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
    public void A_dictionary_that_was_named_once_may_be_left_out()
    {
        var reader = Bodies.Reader();
        var rules = SampleRules.ForMessages();
        var first = reader.Read(Good().Write(named: true), SampleFormat.Compact, rules).Batch;

        var second = reader.Read(Good().WriteReferring(), SampleFormat.Compact, rules).Batch;

        Assert.Equal(first.Series, second.Series);
        Assert.Equal(first.Metadata, second.Metadata);
        Assert.Equal(first.Timestamps, second.Timestamps);
        Assert.Equal(first.Volumes, second.Volumes);
    }

    [Fact]
    public void The_products_own_referring_body_is_read_after_the_named_one()
    {
        var batch = Read(Good().Write());
        byte[] Encoded(DictionaryForm form)
        {
            var bytes = new ArrayBufferWriter<byte>();
            SampleBatchCodec.Encode(batch, bytes, form);
            return bytes.WrittenSpan.ToArray();
        }
        var reader = Bodies.Reader();
        reader.Read(Encoded(DictionaryForm.Named), SampleFormat.Compact, SampleRules.ForMessages());

        var read = reader.Read(Encoded(DictionaryForm.Referred), SampleFormat.Compact, SampleRules.ForMessages()).Batch;

        Assert.Equal(batch.Series, read.Series);
        Assert.Equal(batch.Volumes, read.Volumes);
        Assert.True(SampleBatchCodec.Refers(Encoded(DictionaryForm.Referred)));
        Assert.False(SampleBatchCodec.Refers(Encoded(DictionaryForm.Named)));
    }

    [Fact]
    public void A_dictionary_is_unknown_to_other_callers_and_to_another_process()
    {
        var reader = Bodies.Reader();
        var sender = SampleRules.ForMessages("p1", "u1", "p1");
        reader.Read(Good().Write(named: true), SampleFormat.Compact, sender);
        string[] others = ["another project", "an admin", "another user", "another process"];

        Assert.All(others, other =>
        {
            var (who, asked) = other switch
            {
                "another project" => (SampleRules.ForMessages("p2", "u1", "p2"), reader),
                "an admin" => (SampleRules.ForMessages(), reader),
                "another user" => (SampleRules.ForMessages("p1", "u2", "p1"), reader),
                _ => (sender, Bodies.Reader()),
            };
            var fault = Assert.Throws<SampleFaultException>(() => asked.Read(Good().WriteReferring(), SampleFormat.Compact, who)).Fault;
            Assert.Equal(SampleFaultKind.UnknownDictionary, fault.Kind);
        });
    }

    [Fact]
    public void The_series_of_a_kept_dictionary_are_still_checked()
    {
        var reader = Bodies.Reader();
        var limited = SampleRules.ForMessages("p1", "u1", "p1");
        var foreign = new ReferenceWriter().Add("cpu", 2, "ns", "r1", "p2", "u1", "openstack", "{}", Bodies.Now, 1);
        Assert.Throws<SampleFaultException>(() => reader.Read(foreign.Write(named: true), SampleFormat.Compact, limited));

        var fault = Assert.Throws<SampleFaultException>(() => reader.Read(foreign.WriteReferring(), SampleFormat.Compact, limited)).Fault;

        Assert.Equal(new SampleFault(SampleFaultKind.Invalid, 0, "project_id", "p2", "can not post samples to other projects"), fault);
    }

    [Fact]
    public void A_dictionary_by_another_ones_name_is_refused_and_not_kept()
    {
        var reader = Bodies.Reader();
        var body = Good().Write(named: true);
        body[4] ^= 1; // after version, flags, count and the block's length

        var fault = Assert.Throws<SampleFaultException>(() => reader.Read(body, SampleFormat.Compact, SampleRules.ForMessages())).Fault;

        Assert.Equal(SampleFaultKind.Format, fault.Kind);
        Assert.Contains("the dictionary is not the one that it is named as", fault.Reason, StringComparison.Ordinal);
        Assert.Throws<SampleFaultException>(() => reader.Read(Good().WriteReferring(), SampleFormat.Compact, SampleRules.ForMessages()));
    }

    [Fact]
    public void Dictionaries_that_were_not_used_for_long_are_forgotten_when_there_are_too_many()
    {
        var reader = Bodies.Reader(new() { MaxDictionaryBytes = 10_000 });
        var rules = SampleRules.ForMessages();
        ReferenceWriter Of(int resource) => new ReferenceWriter().Add("cpu", 2, "ns", $"r{resource}", null, null, "openstack", "{}", Bodies.Now, 1);
        bool IsKnown(int resource)
        {
            try
            {
                return reader.Read(Of(resource).WriteReferring(), SampleFormat.Compact, rules).Batch.Count == 1;
            }
            catch (SampleFaultException e) when (e.Fault.Kind == SampleFaultKind.UnknownDictionary)
            {
                return false;
            }
        }

        for (var resource = 0; resource < 100; resource++)
        {
            reader.Read(Of(resource).Write(named: true), SampleFormat.Compact, rules);
            Assert.True(IsKnown(resource) && IsKnown(0)); // one in use stays
        }

        Assert.InRange(Enumerable.Range(0, 100).Count(IsKnown), 5, 30);
    }

    [Fact]
    public void Damaged_bodies_are_read_or_refused_and_never_fail_otherwise()
    {
        var random = new Random(11);
        var reader = Bodies.Reader();
        byte[][] forms = [Good().Write(), Good().Write(named: true), Good().WriteReferring()];
        reader.Read(forms[1], SampleFormat.Compact, SampleRules.ForMessages("p1", "u1", "p1"));
        var refused = 0;
        for (var round = 0; round < 5_000; round++)
        {
            var good = forms[round % 3];
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
