using System.Text;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class SampleParserFaultTests
{
    private static readonly SampleRules Meter = SampleRules.ForMeter("cpu", "own", "u", "own");

    [Theory]
    [InlineData("")]
    [InlineData(" \r\n\t")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"samples\":[]}")]
    [InlineData("{\"samples\":null}")]
    public void No_sample_is_a_fault(string body) => Assert.Equal(SampleFaultKind.NoSamples, Bodies.Fault(body).Kind);

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"a\":1}")]
    [InlineData("{\"samples\":{}}")]
    [InlineData("{\"samples\":[],\"b\":1}")]
    [InlineData("\"text\"")]
    [InlineData("7")]
    public void A_body_that_is_no_list_is_shown(string body)
    {
        var fault = Bodies.Fault(body);

        Assert.Equal((SampleFaultKind.Malformed, null, body, "samples"), (fault.Kind, fault.Index, fault.Value, fault.Path));
    }

    [Theory]
    [InlineData("[1]", "1")]
    [InlineData("[null]", null)]
    [InlineData("[[1,2]]", "[1,2]")]
    [InlineData("[\"s\"]", "s")]
    public void A_sample_is_an_object(string body, string? value)
    {
        var fault = Bodies.Fault(body);

        Assert.Equal((SampleFaultKind.Malformed, 0, value, "samples[0]"), (fault.Kind, fault.Index, fault.Value, fault.Path));
    }

    [Theory]
    [InlineData("[")]
    [InlineData("[{]")]
    [InlineData("[{}")]
    [InlineData("[{\"counter_volume\":NaN}]")]
    [InlineData("[{\"counter_volume\":01}]")]
    [InlineData("[{\"a\":1},]")]
    [InlineData("[] []")]
    [InlineData("[{\"counter_name\":\"a\nb\"}]")]
    [InlineData("{\"samples\":[1")]
    public void Broken_json_is_a_fault_of_the_format(string body) => Assert.Equal(SampleFaultKind.Format, Bodies.Fault(body.Replace("{}", Bodies.Sample(), StringComparison.Ordinal).Replace("{\"a\":1}", Bodies.Sample(), StringComparison.Ordinal)).Kind);

    [Fact]
    public void Every_truncation_of_a_body_is_a_fault()
    {
        var body = Encoding.UTF8.GetBytes(Bodies.List(Bodies.Sample(("resource_metadata", "{\"a\":\"b\"}")), Bodies.Sample(("resource_metadata", "{\"a\":\"b\"}"))));
        var reader = Bodies.Reader();

        for (var length = 0; length < body.Length; length++)
            Assert.Throws<SampleFaultException>(() => reader.Read(body.AsSpan(0, length), SampleFormat.Json, SampleRules.ForMessages()));
    }

    [Fact]
    public void Invalid_UTF8_is_a_fault_wherever_it_stands()
    {
        var body = Encoding.UTF8.GetBytes(Bodies.List(Bodies.Sample(("user_name", "\"?\""))));
        body[Array.LastIndexOf(body, (byte)'?')] = 0xff;

        var fault = Assert.Throws<SampleFaultException>(() => Bodies.Reader().Read(body, SampleFormat.Json, SampleRules.ForMessages())).Fault;

        Assert.Equal((SampleFaultKind.Format, "The body is not valid UTF-8."), (fault.Kind, fault.Reason));
    }

    [Theory]
    [InlineData("{0}")] // in place of the list
    [InlineData("[{0}]")]
    [InlineData("[{{\"resource_metadata\":{{\"a\":{0}}}}}]")]
    public void Json_ten_thousand_deep_is_a_fault_of_the_format(string around)
    {
        var deep = string.Concat(Enumerable.Repeat("[", 10_000)) + string.Concat(Enumerable.Repeat("]", 10_000));

        var fault = Bodies.Fault(string.Format(System.Globalization.CultureInfo.InvariantCulture, around, deep));

        Assert.Equal((SampleFaultKind.Format, "JSON is nested deeper than 64 levels."), (fault.Kind, fault.Reason));
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void Metadata_may_be_64_levels_deep(int depth, bool accepted)
    {
        var metadata = string.Concat(Enumerable.Repeat("{\"a\":", depth - 1)) + "{}" + new string('}', depth - 1);
        var body = Bodies.List(Bodies.Sample(("resource_metadata", metadata)));

        if (accepted)
            Assert.Equal(metadata, Bodies.Read(body).Batch.Metadata[0].ToString());
        else
            Assert.Equal("resource_metadata", Bodies.Fault(body).Field);
    }

    [Theory]
    [InlineData("counter_name")]
    [InlineData("counter_type")]
    [InlineData("counter_unit")]
    [InlineData("counter_volume")]
    [InlineData("resource_id")]
    public void Mandatory_fields_must_be_there(string field)
    {
        foreach (var rules in new[] { SampleRules.ForMessages(), Meter })
        {
            var fault = Bodies.Fault(Bodies.List(Bodies.Sample(("project_id", "\"own\"")), Bodies.Sample((field, null))), rules);
            Assert.Equal(new SampleFault(SampleFaultKind.Missing, 1, field, null, "Mandatory field missing."), fault);
        }
    }

    [Theory]
    [InlineData("counter_volume", "\"abc\"", "abc", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "\"nan\"", "nan", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "\"-Infinity\"", "-Infinity", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "1e999", "1e999", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "\"1e999\"", "1e999", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "\"\"", "", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "true", "true", SampleFaultKind.Malformed)]
    [InlineData("counter_volume", "[1]", "[1]", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "\"yesterday\"", "yesterday", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "\"-0001-01-01T00:00:00\"", "-0001-01-01T00:00:00", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "\"10000-01-01T00:00:00\"", "10000-01-01T00:00:00", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "\"9999-12-31T23:59:59-01:00\"", "9999-12-31T23:59:59-01:00", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "-62135596801", "-62135596801", SampleFaultKind.Malformed)]
    [InlineData("timestamp", "\"\"", "", SampleFaultKind.Malformed)]
    [InlineData("resource_metadata", "[]", "[]", SampleFaultKind.Malformed)]
    [InlineData("resource_metadata", "\"a\"", "a", SampleFaultKind.Malformed)]
    [InlineData("resource_metadata", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\"}", SampleFaultKind.Malformed)]
    [InlineData("resource_id", "\"\\ud800\"", "\\ud800", SampleFaultKind.Malformed)]
    [InlineData("resource_id", "\"\"", "", SampleFaultKind.Invalid)]
    [InlineData("resource_id", "5", "5", SampleFaultKind.Invalid)]
    [InlineData("resource_id", "\"a\\u0000b\"", "a\\u0000b", SampleFaultKind.Invalid)]
    [InlineData("user_id", "{}", "{}", SampleFaultKind.Invalid)]
    [InlineData("counter_type", "\"gauges\"", "gauges", SampleFaultKind.Invalid)]
    [InlineData("counter_type", "null", null, SampleFaultKind.Invalid)]
    [InlineData("message_id", "5", "5", SampleFaultKind.Invalid)]
    [InlineData("message_signature", "\"abc\"", "abc", SampleFaultKind.Invalid)]
    public void A_value_that_cannot_stand_there_is_shown_with_its_place(string field, string json, string? value, SampleFaultKind kind)
    {
        var fault = Bodies.Fault(Bodies.List(Bodies.Sample(), Bodies.Sample((field, json))));

        Assert.Equal((kind, 1, field, value), (fault.Kind, fault.Index, fault.Field, fault.Value));
        Assert.NotEmpty(fault.Reason);
    }

    [Fact]
    public void A_dropped_sample_counts_in_the_index_of_a_fault() =>
        Assert.Equal(1, Bodies.Fault(Bodies.List(Bodies.Sample(("counter_volume", "null")), "5")).Index);

    [Theory]
    [InlineData("counter_name", 255)]
    [InlineData("counter_unit", 255)]
    [InlineData("resource_id", 255)]
    [InlineData("project_id", 255)]
    [InlineData("user_id", 255)]
    [InlineData("source", 255)]
    [InlineData("message_id", 128)]
    public void Texts_have_a_longest_length(string field, int length)
    {
        foreach (var character in new[] { "ż", "\\u017c" })
        {
            string Json(int n) => $"\"{string.Concat(Enumerable.Repeat(character, n))}\"";

            Assert.Equal(1, Bodies.Read(Bodies.List(Bodies.Sample((field, Json(length))))).Batch.Count);
            Assert.Equal(field, Bodies.Fault(Bodies.List(Bodies.Sample((field, Json(length + 1))))).Field);
        }
    }

    [Fact]
    public void A_shown_value_is_cut()
    {
        var fault = Bodies.Fault(Bodies.List(Bodies.Sample(("resource_id", $"\"{new string('x', 100_000)}\""))));

        Assert.Equal(new string('x', SampleFault.MaxValueLength) + "…", fault.Value);
    }

    [Fact]
    public void An_unknown_field_is_named()
    {
        var fault = Bodies.Fault(Bodies.List(Bodies.Sample(("project", "\"p\""))));

        Assert.Equal((SampleFaultKind.Unknown, "project"), (fault.Kind, fault.Field));
        Assert.Equal("message_signature", Bodies.Fault(Bodies.List(Bodies.Sample(("message_signature", "\"\""))), Meter).Field);
    }

    [Fact]
    public void A_body_holds_a_bounded_number_of_samples_and_bytes_of_metadata()
    {
        var reader = Bodies.Reader(new SampleLimits { MaxSamples = 2, MaxMetadataBytes = 10 });
        SampleFault Fault(string body) => Assert.Throws<SampleFaultException>(
            () => reader.Read(Encoding.UTF8.GetBytes(body), SampleFormat.Json, SampleRules.ForMessages())).Fault;

        Assert.Equal(SampleFaultKind.TooMany, Fault(Bodies.List(Bodies.Sample(), Bodies.Sample(), Bodies.Sample())).Kind);
        Assert.Equal("resource_metadata", Fault(Bodies.List(Bodies.Sample(("resource_metadata", "{\"a\":\"bcde\"}")))).Field);
    }

    [Theory] // each row breaks this rule and every later one: the earliest is told
    [InlineData("counter_volume", null, SampleFaultKind.Malformed)]
    [InlineData("resource_metadata", null, SampleFaultKind.Invalid)]
    [InlineData("counter_name", "should be cpu", SampleFaultKind.Invalid)]
    [InlineData("message_id", "The message_id must not be set", SampleFaultKind.Invalid)]
    [InlineData("counter_type", "The counter type must be: gauge, delta, cumulative", SampleFaultKind.Invalid)]
    [InlineData("project_id", "can not post samples to other projects", SampleFaultKind.Invalid)]
    public void Ceilometers_checks_keep_their_order(string field, string? reason, SampleFaultKind kind)
    {
        string[] order = ["counter_volume", "resource_metadata", "counter_name", "message_id", "counter_type", "project_id"];
        string[] broken = ["\"x\"", "{\"b\":1}", "\"disk\"", "\"id\"", "\"wrong\"", "\"theirs\""];
        var from = Array.IndexOf(order, field);
        var fields = order.Zip(broken).Skip(from).Select(f => (f.First, (string?)f.Second)).ToArray();

        var fault = Bodies.Fault(Bodies.List(Bodies.Sample(fields)), Meter);

        Assert.Equal((kind, field), (fault.Kind, fault.Field));
        if (reason is not null)
            Assert.Equal(reason, fault.Reason);
    }

    [Fact]
    public void A_limited_caller_posts_for_its_own_project_only()
    {
        var body = Bodies.List(Bodies.Sample(("project_id", "\"theirs\"")));

        foreach (var rules in new[] { Meter, SampleRules.ForMessages("own", "u", "own") })
            Assert.Equal(new SampleFault(SampleFaultKind.Invalid, 0, "project_id", "theirs", "can not post samples to other projects"), Bodies.Fault(body, rules));
        Assert.Equal("theirs", Bodies.Read(body, SampleRules.ForMessages("own", "u")).Batch.Series[0].ProjectId);
    }

    [Fact]
    public void A_series_that_one_caller_may_post_is_refused_to_another()
    {
        var reader = Bodies.Reader();
        var body = Encoding.UTF8.GetBytes(Bodies.List(Bodies.Sample(("project_id", "\"theirs\""))));
        reader.Read(body, SampleFormat.Json, SampleRules.ForMessages());

        Assert.Throws<SampleFaultException>(() => reader.Read(body, SampleFormat.Json, SampleRules.ForMessages("own", "u", "own")));
    }
}
