using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class SampleParserTests
{
    private static readonly string Hmac = new('a', 64);

    [Fact]
    public void All_fields_of_a_message_are_read()
    {
        var batch = Bodies.Read(Bodies.List(Bodies.Sample(
            ("project_id", "\"p1\""), ("user_id", "\"u1\""), ("source", "\"hw\""), ("timestamp", "\"2026-01-01T00:00:01.5\""),
            ("resource_metadata", """{"b": {"c": 1}, "a": [true, null]}"""), ("message_id", "\"11111111-2222-3333-4444-555555555555\""),
            ("message_signature", $"\"{Hmac}\""), ("monotonic_time", "1.25"), ("user_name", "null"), ("project_name", "\"n\""), ("publisher_id", "\"h\"")))).Batch;

        Assert.Equal(new SeriesKey("cpu", SampleType.Cumulative, "ns", "r1", "p1", "u1", "hw"), Assert.Single(batch.Series));
        Assert.Equal([Bodies.Now + 1_500_000], batch.Timestamps);
        Assert.Equal([1.5], batch.Volumes);
        Assert.Equal("""{"a":[true,null],"b":{"c":1}}""", batch.Metadata[0].ToString());
        Assert.Equal("11111111-2222-3333-4444-555555555555", batch.MessageIds![0]);
        Assert.Equal(Hmac, batch.Signature(0));
    }

    [Fact]
    public void What_is_left_out_gets_its_default()
    {
        var batch = Bodies.Read(Bodies.List(Bodies.Sample(("timestamp", null)))).Batch;

        Assert.Equal(new SeriesKey("cpu", SampleType.Cumulative, "ns", "r1", null, null, "openstack"), batch.Series[0]);
        Assert.Equal([Bodies.Now], batch.Timestamps);
        Assert.Same(Metadata.Empty, batch.Metadata[0]);
        Assert.Null(batch.MessageIds);
        Assert.Null(batch.Signatures);
    }

    [Fact]
    public void Nulls_count_as_left_out_where_they_may_stand()
    {
        var batch = Bodies.Read(Bodies.List(Bodies.Sample(
            ("counter_unit", "null"), ("project_id", "null"), ("user_id", "null"), ("source", "null"), ("timestamp", "null"),
            ("resource_metadata", "null"), ("message_id", "null"), ("message_signature", "\"\"")))).Batch;

        Assert.Equal(new SeriesKey("cpu", SampleType.Cumulative, null, "r1", null, null, "openstack"), batch.Series[0]);
        Assert.Equal([Bodies.Now], batch.Timestamps);
        Assert.Null(batch.Signature(0));
    }

    [Fact]
    public void Fields_may_come_in_any_order_and_of_repeated_ones_the_last_counts()
    {
        var batch = Bodies.Read("""
            [{"timestamp":"bad","resource_metadata":{"a":1},"counter_volume":"x","resource_id":"r","counter_unit":"B","counter_type":"?",
              "counter_type":"delta","counter_volume":3,"counter_name":"n","resource_metadata":{"b":2},"timestamp":"2026-01-01"}]
            """).Batch;

        Assert.Equal(new SeriesKey("n", SampleType.Delta, "B", "r", null, null, "openstack"), batch.Series[0]);
        Assert.Equal(3, batch.Volumes[0]);
        Assert.Equal("""{"b":2}""", batch.Metadata[0].ToString());
        Assert.Equal([Bodies.Now], batch.Timestamps);
    }

    [Fact]
    public void Escapes_and_all_of_Unicode_are_read()
    {
        var batch = Bodies.Read(Bodies.List(Bodies.Sample(
            ("counter_n\\u0061me", "\"z\\u017c\\ud83d\\udc22ż🐢\""), ("counter_name", null), ("timestamp", "\"2026-01-01\\u002000:00:00\""),
            ("counter_volume", "\"\\u0031.5\""), ("message_id", "\"i\\u0064\"")))).Batch;

        Assert.Equal("zż🐢ż🐢", batch.Series[0].Meter);
        Assert.Equal([Bodies.Now], batch.Timestamps);
        Assert.Equal([1.5], batch.Volumes);
        Assert.Equal("id", batch.MessageIds![0]);
    }

    [Theory]
    [InlineData("AAAAAAAA-2222-3333-4444-555555555555")] // upper case would come back in lower case
    [InlineData("00000000-0000-0000-0000-000000000000")] // stands for no id in the column of UUIDs
    [InlineData("+1111111-2222-3333-4444-55555555555g")]
    [InlineData("11111111-2222-3333-44445-55555555555")]
    [InlineData("11111111-2222-3333-4444-5555555555é")] // 36 bytes
    [InlineData("any text")]
    public void An_id_that_is_no_common_uuid_is_kept_letter_by_letter(string id) =>
        Assert.Equal(id, Bodies.Read(Bodies.List(Bodies.Sample(("message_id", $"\"{id}\"")))).Batch.MessageIds![0]);

    [Fact]
    public void A_list_a_wrapped_list_and_lines_say_the_same()
    {
        var (one, two) = (Bodies.Sample(), Bodies.Sample(("counter_name", "\"m\"")));

        var list = Bodies.Read(Bodies.List(one, two)).Batch;
        var wrapped = Bodies.Read($$"""{"samples": {{Bodies.List(one, two)}} }""").Batch;
        var lines = Bodies.Read($"{one}\r\n\n{two}", format: SampleFormat.JsonLines).Batch;

        Assert.Equal(["cpu", "m"], list.Series.Select(s => s.Meter));
        Assert.Equal(list.Series, wrapped.Series);
        Assert.Equal(list.Series, lines.Series);
    }

    [Fact]
    public void Equal_series_and_metadata_are_one_object_over_bodies_and_formats()
    {
        var reader = Bodies.Reader();
        var sample = Bodies.Sample(("resource_metadata", """{"a":"b","c":"d"}"""));
        var spaced = Bodies.Sample(("resource_metadata", """{ "c":"d", "a":"b" }"""), ("source", "\"openstack\""));

        var one = reader.Read(System.Text.Encoding.UTF8.GetBytes(Bodies.List(sample)), SampleFormat.Json, SampleRules.ForMessages()).Batch;
        var two = reader.Read(System.Text.Encoding.UTF8.GetBytes(spaced), SampleFormat.JsonLines, SampleRules.ForMessages()).Batch;

        Assert.Same(one.Series[0], two.Series[0]);
        Assert.Same(one.Metadata[0], two.Metadata[0]);
    }

    [Fact]
    public void A_batch_of_the_series_of_one_before_has_its_array_and_its_own_values()
    {
        var reader = Bodies.Reader();
        SampleBatch Read(string last, int volume) => reader.Read(
            System.Text.Encoding.UTF8.GetBytes(Bodies.List([.. Enumerable.Range(0, 20).Select(
                i => Bodies.Sample(("resource_id", i < 19 ? $"\"r{i}\"" : $"\"{last}\""), ("counter_volume", $"{volume}")))])),
            SampleFormat.Json, SampleRules.ForMessages()).Batch;

        var (one, same, other, again) = (Read("a", 1), Read("a", 2), Read("b", 3), Read("b", 4));

        Assert.Equal([false, true, false, true], new[] { one, same, other, again }.Select(b => b.RepeatsSeries));
        Assert.Same(one.Series, same.Series);
        Assert.Equal(["a", "a", "b", "b"], new[] { one, same, other, again }.Select(b => b.Series[19].ResourceId));
        Assert.Equal([1.0, 2, 3, 4], new[] { one, same, other, again }.Select(b => b.Volumes[19]));
    }

    [Fact]
    public void Metadata_equal_to_the_sample_before_is_recognised_and_what_follows_it_is_read()
    {
        var samples = Enumerable.Range(0, 5).Select(i => Bodies.Sample(
            ("resource_metadata", i == 3 ? """{"a":"c"}""" : """{"a":"b"}"""), ("message_id", $"\"id{i}\""), ("user_id", "\"u\""))).ToArray();

        var batch = Bodies.Read(Bodies.List(samples)).Batch;

        Assert.Equal(["b", "b", "b", "c", "b"], batch.Metadata.Select(m => m.Root.GetProperty("a").GetString()!));
        Assert.Equal(["id0", "id1", "id2", "id3", "id4"], Enumerable.Range(0, 5).Select(i => batch.MessageIds![i]!));
        Assert.Equal(4, Bodies.Fault(Bodies.List([.. samples[..4], "7"])).Index);
    }

    [Fact]
    public void A_message_without_a_volume_is_dropped_and_counted()
    {
        var parsed = Bodies.Read(Bodies.List(Bodies.Sample(("counter_volume", "null")), Bodies.Sample(("message_id", "\"kept\""))));

        Assert.Equal(1, parsed.Dropped);
        Assert.Equal("kept", parsed.Batch.MessageIds![0]);
        Assert.Equal(1, parsed.Batch.Count);
    }

    [Fact]
    public void Ceilometers_call_fills_in_its_caller_and_splits_metadata()
    {
        var parsed = Bodies.Read(
            Bodies.List(Bodies.Sample(("resource_metadata", """{"a.b":"1","a.c.d":"2","e":null}"""), ("timestamp", "\"2026-01-01T02:00:00+02:00\""), ("user_id", "\"\""))),
            SampleRules.ForMeter("cpu", "p", "u", null));

        Assert.Equal(new SeriesKey("cpu", SampleType.Cumulative, "ns", "r1", "p", "u", "p:openstack"), parsed.Batch.Series[0]);
        Assert.Equal([Bodies.Now], parsed.Batch.Timestamps);
        Assert.Equal("""{"a":{"b":"1","c":{"d":"2"}},"e":null}""", parsed.Batch.Metadata[0].ToString());
        Assert.Equal("""{"a.b":"1","a.c.d":"2","e":null}""", parsed.Given!.Metadata[0].ToString());
        Assert.Equal([(short?)120], parsed.Given.OffsetMinutes);
    }

    [Fact]
    public void Without_any_project_Ceilometers_source_says_None() =>
        Assert.Equal("None:s", Bodies.Read(Bodies.List(Bodies.Sample(("source", "\"s\""))), SampleRules.ForMeter("cpu", null, null, null)).Batch.Series[0].Source);

    [Fact]
    public void The_same_bytes_give_other_series_to_other_callers()
    {
        var reader = Bodies.Reader();
        var body = System.Text.Encoding.UTF8.GetBytes(Bodies.List(Bodies.Sample()));

        IEnumerable<string?> projects = new[]
        {
            SampleRules.ForMessages(), SampleRules.ForMessages("p1", "u1"), SampleRules.ForMessages("p2", "u2", "p2"), SampleRules.ForMeter("cpu", "p3", null, "p3"),
        }.Select(rules => reader.Read(body, SampleFormat.Json, rules).Batch.Series[0].ProjectId);

        Assert.Equal(new[] { null, "p1", "p2", "p3" }, projects);
    }

    [Fact]
    public void Null_means_nobody_for_an_unlimited_caller_and_the_own_project_for_a_limited_one()
    {
        var body = Bodies.List(Bodies.Sample(("project_id", "null"), ("user_id", "null")));

        Assert.Null(Bodies.Read(body, SampleRules.ForMessages("p", "u")).Batch.Series[0].ProjectId);
        Assert.Equal(("p", "u"), Bodies.Read(body, SampleRules.ForMessages("p", "u", "p")).Batch.Series[0] is var s ? (s.ProjectId, s.UserId) : default);
    }

    [Fact]
    public void Recorded_messages_of_a_real_polling_agent_are_read()
    {
        var (batches, dropped) = (new List<SampleBatch>(), 0);
        foreach (var payload in System.Text.Json.JsonDocument.Parse(Bodies.Data("polling.json")).RootElement.EnumerateArray())
        {
            var parsed = Bodies.Read(payload.GetRawText());
            batches.Add(parsed.Batch);
            dropped += parsed.Dropped;
        }

        Assert.Equal(32, batches.Count);
        Assert.Equal(49, batches.Sum(b => b.Count));
        Assert.Equal(1, dropped); // image.size of an image that was never uploaded
        Assert.All(batches, b => Assert.Equal(64, b.Signature(0)!.Length));
        var swap = batches[1];
        Assert.Equal(("memory.swap.out", "MB", 0.0), (swap.Series[0].Meter, swap.Series[0].Unit, swap.Volumes[0]));
        Assert.Equal("2026-11-20T10:23:29.196651", UnixMicroseconds.Format(swap.Timestamps[0]));
        Assert.Equal(128, swap.Metadata[0].Root.GetProperty("flavor").GetProperty("ram").GetInt32());
    }

    [Fact]
    public void Recorded_messages_of_the_notifier_publisher_are_read()
    {
        var batches = System.Text.Json.JsonDocument.Parse(Bodies.Data("notifier.json")).RootElement.EnumerateArray()
            .Select(payload => Bodies.Read(payload.GetRawText()).Batch).ToList();

        Assert.Equal(16, batches.Sum(b => b.Count));
        Assert.Equal(["cpu", "memory.usage", "image.size", "ip.floating"], batches[0].Series.Select(s => s.Meter));
        Assert.Equal([15430000000, 21.125, 0.30000000000000004, 1], batches[0].Volumes);
        Assert.Equal("żółw 🐢", batches[0].Metadata[1].Root.GetProperty("display_name").GetString());
        Assert.Null(batches[0].Series[2].ProjectId);
    }
}
