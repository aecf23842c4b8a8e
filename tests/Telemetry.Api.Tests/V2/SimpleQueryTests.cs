using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>The q grammar.</summary>
public sealed class SimpleQueryTests
{
    private const string SampleKeys = "['message_id', 'meter', 'project', 'resource', 'search_offset', 'source', 'timestamp', 'user']";
    private const string ResourceKeys = "['project', 'resource', 'search_offset', 'source', 'timestamp', 'user']";
    private const string MeterKeys = "['project', 'resource', 'source', 'unique', 'user']";

    [Theory]
    [InlineData("user", "u1", "s2 s4 s1")]
    [InlineData("user_id", "u2", "s3")]
    [InlineData("project", "p1", "s2 s4 s1")]
    [InlineData("project_id", "p2", "s3")]
    [InlineData("resource", "r2", "s3")]
    [InlineData("resource_id", "r1", "s2 s4 s1")]
    [InlineData("meter", "cpu_util", "s3 s2 s1")]
    [InlineData("source", "hw", "s4")]
    [InlineData("message_id", "s2", "s2")]
    [InlineData("user", "None", "s5")]
    [InlineData("project_id", "None", "s5")]
    [InlineData("resource", "None", "")]
    [InlineData("user", "U1", "")]
    [InlineData("metadata.name", "web", "s2 s1")]
    [InlineData("resource_metadata.name", "web", "s2 s1")]
    [InlineData("metadata.nested.a.b", "deep", "s2 s1")]
    [InlineData("metadata.list[0]", "x", "s2 s1")]
    [InlineData("metadata.n", "1", "s2 s1")]
    [InlineData("metadata.t", "1", "")]
    [InlineData("metadata.t", "'1'", "s2 s1")]
    [InlineData("metadata.f", "1.5", "s2 s1")]
    [InlineData("metadata.f", "1.50", "s2 s1")]
    [InlineData("metadata.n", "1.0", "")]
    [InlineData("metadata.b", "True", "s2 s1")]
    [InlineData("metadata.b", "true", "")]
    [InlineData("metadata.b", "1", "")]
    [InlineData("metadata.nosuch", "1", "")]
    public async Task A_field_equals_a_value(string field, string value, string ids)
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var op in (string[])["", "&q.op=eq", "&q.op="])
            Assert.Equal(ids, string.Join(' ', (await host.GetAsync($"/v2/samples?q.field={field}&q.value={value}{op}")).All("id")));
    }

    [Theory]
    [InlineData("n", "1", "integer", true)]
    [InlineData("n", " 1 ", "integer", true)]
    [InlineData("n", "1", "float", false)]
    [InlineData("n", "1", "string", false)]
    [InlineData("t", "1", "string", true)]
    [InlineData("t", "1", "integer", false)]
    [InlineData("f", "1.5", "float", true)]
    [InlineData("f", "15e-1", "float", true)]
    [InlineData("b", "1", "boolean", true)]
    [InlineData("b", "YES", "boolean", true)]
    [InlineData("b", "on", "boolean", true)]
    [InlineData("b", "off", "boolean", false)]
    [InlineData("name", "2026-01-01", "datetime", false)]
    [InlineData("n", "1", "", true)]
    public async Task A_metadata_value_matches_its_own_type(string key, string value, string type, bool matches)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(matches ? ["s2", "s1"] : [], (await host.GetAsync($"/v2/samples?q.field=metadata.{key}&q.value={value.Replace(" ", "%20")}&q.type={type}")).All("id"));
    }

    [Theory]
    [InlineData("abc", "integer", "Unable to convert the value abc to the expected data type integer.")]
    [InlineData("1.5", "integer", "Unable to convert the value 1.5 to the expected data type integer.")]
    [InlineData("abc", "float", "Unable to convert the value abc to the expected data type float.")]
    [InlineData("nan", "float", "Unable to convert the value nan to the expected data type float.")]
    [InlineData("maybe", "boolean", "Unable to convert the value maybe to the expected data type boolean.")]
    [InlineData("yesterday", "datetime", "Unable to convert the value yesterday to the expected data type datetime.")]
    [InlineData("1", "blob", "The data type blob is not supported. The supported data type list is: ['integer', 'float', 'string', 'boolean', 'datetime']")]
    public async Task A_metadata_value_that_is_not_of_its_type_is_400(string value, string type, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var path in (string[])["samples", "resources", "meters", "meters/cpu_util", "meters/cpu_util/statistics"])
            (await host.GetAsync($"/v2/{path}?q.field=metadata.n&q.value={value}&q.type={type}")).AssertFault(400, fault);
    }

    [Theory]
    [InlineData("ge", "2026-01-01T00:01:00", "s5 s3 s2 s4")]
    [InlineData("gt", "2026-01-01T00:01:00", "s5 s3")]
    [InlineData("le", "2026-01-01T00:01:00", "s2 s4 s1")]
    [InlineData("lt", "2026-01-01T00:01:00", "s1")]
    [InlineData("ge", "2026-01-02", "s5")]
    [InlineData("lt", "20260102", "s3 s2 s4 s1")]
    [InlineData("ge", "2026-01-01T00:02", "s5 s3")]
    [InlineData("gt", "2026-01-01T00:02:00.5", "s5")]
    [InlineData("ge", "2026-01-01T00:02:00.500001", "s5")]
    [InlineData("ge", "2026-01-01%2000:02:00", "s5 s3")]
    [InlineData("lt", "2026-01-01T00:01:00Z", "s1")]
    [InlineData("lt", "2026-01-01T00:01:00%2B05:00", "s1")]
    [InlineData("lt", "2026-01-01T00:01:00+05:00", "s1")]
    [InlineData("lt", "2026-01-01T00:01:00-0500", "s1")]
    public async Task A_timestamp_bounds_the_search_and_its_zone_is_dropped(string op, string value, string ids)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(ids, string.Join(' ', (await host.GetAsync($"/v2/samples?q.field=timestamp&q.op={op}&q.value={value}")).All("id")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-13-01")]
    [InlineData("2026-02-30T00:00:00")]
    [InlineData("2026-01-01T25:00:00")]
    [InlineData("99999-01-01")]
    [InlineData("0000-01-01")]
    public async Task An_unreadable_timestamp_is_400(string value)
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var path in (string[])["samples", "resources", "meters/cpu_util", "meters/cpu_util/statistics"])
        {
            (await host.GetAsync($"/v2/{path}?q.field=timestamp&q.op=ge&q.value={value}"))
                .AssertFault(400, $"Invalid input for field/attribute timestamp. Value: '{value}'. invalid timestamp format");
        }
    }

    [Fact]
    public async Task Of_several_bounds_of_a_kind_the_last_one_counts()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync(
            "/v2/samples?q.field=timestamp&q.field=timestamp&q.field=timestamp&q.op=ge&q.op=lt&q.op=gt&q.value=2026-01-02&q.value=2026-01-01T00:02&q.value=2026-01-01T00:00");

        Assert.Equal(["s2", "s4"], answer.All("id"));
    }

    [Theory]
    [InlineData("1", "s3 s2 s4 s1")]
    [InlineData("0", "s2 s4")]
    [InlineData("-1", "")]
    [InlineData("99999999999999999999999999999999", "s5 s3 s2 s4 s1")]
    public async Task A_search_offset_widens_both_bounds(string minutes, string ids)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.GetAsync(
            $"/v2/samples?q.field=timestamp&q.field=timestamp&q.field=search_offset&q.op=ge&q.op=lt&q.op=eq&q.value=2026-01-01T00:01:00&q.value=2026-01-01T00:01:30&q.value={minutes}");

        Assert.Equal(ids, string.Join(' ', answer.All("id")));
    }

    public static TheoryData<string, string, string> Refused => new()
    {
        { "samples", "q.field=search_offset&q.value=1", "Invalid input for field/attribute field. Value: 'search_offset'. search_offset cannot be used without timestamp" },
        { "samples", "q.field=timestamp&q.op=ge&q.value=2026-01-01&q.field=search_offset&q.op=eq&q.value=x", "Invalid input for field/attribute search_offset. Value: 'x'. It is a whole number of minutes." },
        { "samples", "q.field=timestamp&q.op=ge&q.value=2026-01-01&q.field=search_offset&q.op=lt&q.value=1", "Invalid input for field/attribute op. Value: 'lt'. unimplemented operator for search_offset" },
        { "samples", "q.field=timestamp&q.value=2026-01-01", "Invalid input for field/attribute op. Value: 'eq'. unimplemented operator for timestamp" },
        { "samples", "q.field=timestamp&q.op=ne&q.value=2026-01-01", "Invalid input for field/attribute op. Value: 'ne'. unimplemented operator for timestamp" },
        { "samples", "q.field=user&q.op=zz&q.value=x", "Invalid input for field/attribute op. Value: 'zz'. unimplemented operator for user" },
        { "samples", "q.field=user_id&q.op=lt&q.value=x", "Invalid input for field/attribute op. Value: 'lt'. unimplemented operator for user_id" },
        { "resources", "q.field=metadata.x&q.op=ne&q.value=x", "Invalid input for field/attribute op. Value: 'ne'. unimplemented operator for metadata.x" },
        { "meters", "q.field=timestamp&q.op=ge&q.value=2026-01-01", "Unknown argument: \"timestamp\": not valid for this resource" },
        { "meters", "q.field=search_offset&q.value=1", "Unknown argument: \"search_offset\": not valid for this resource" },
        { "samples", "q.value=x", "Invalid input for field/attribute field. Value: 'None'. Mandatory field missing." },
        { "samples", "q.field=limit&q.value=1", Unrecognized("limit", "[<Query 'limit' eq '1' Unset>]", SampleKeys) },
        { "samples", "q.field=metaquery&q.value=1&q.type=string", Unrecognized("metaquery", "[<Query 'metaquery' eq '1' string>]", SampleKeys) },
        { "samples", "q.field=start_timestamp&q.value=1", Unrecognized("start_timestamp", "[<Query 'start_timestamp' eq '1' Unset>]", SampleKeys) },
        { "samples", "q.field=end_timestamp&q.op=le", Unrecognized("end_timestamp", "[<Query 'end_timestamp' le Unset Unset>]", SampleKeys) },
        { "samples", "q.field=on_behalf_of&q.value=it%27s", Unrecognized("on_behalf_of", "[<Query 'on_behalf_of' eq \"it's\" Unset>]", SampleKeys) },
        { "samples", "q.field=user&q.value=a&q.field=wrong&q.value=b", Unrecognized("wrong", "[<Query 'user' eq 'a' Unset>, <Query 'wrong' eq 'b' Unset>]", SampleKeys) },
        { "samples", "q.field=metadata&q.value=b", Unrecognized("metadata", "[<Query 'metadata' eq 'b' Unset>]", SampleKeys) },
        { "resources", "q.field=meter&q.value=b", Unrecognized("meter", "[<Query 'meter' eq 'b' Unset>]", ResourceKeys) },
        { "resources", "q.field=message_id&q.value=b", Unrecognized("message_id", "[<Query 'message_id' eq 'b' Unset>]", ResourceKeys) },
        { "meters", "q.field=meter&q.value=b", Unrecognized("meter", "[<Query 'meter' eq 'b' Unset>]", MeterKeys) },
        { "meters/cpu_util", "q.field=x&q.value=b", Unrecognized("x", "[<Query 'x' eq 'b' Unset>]", SampleKeys) },
        { "meters/cpu_util/statistics", "q.field=x&q.value=b", Unrecognized("x", "[<Query 'x' eq 'b' Unset>]", SampleKeys) },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task What_an_endpoint_does_not_know_is_400(string path, string query, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.GetAsync($"/v2/{path}?{query}")).AssertFault(400, fault);
    }

    [Theory]
    [InlineData("samples", "user")]
    [InlineData("samples", "metadata.n")]
    [InlineData("samples", "timestamp&q.op=ge")]
    [InlineData("resources", "project")]
    [InlineData("meters", "source")]
    [InlineData("meters/cpu_util", "resource")]
    [InlineData("meters/cpu_util/statistics", "user")]
    public async Task A_field_without_a_value_matches_nothing(string path, string field)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal("[]", (await host.GetAsync($"/v2/{path}?q.field={field}")).Body);
    }

    [Fact]
    public async Task Parameters_are_matched_up_by_position()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(["s2"], (await host.GetAsync("/v2/samples?q.value=u1&q.value=2026-01-01T00:00:00&q.value=cpu_util&q.op=eq&q.op=gt&q.field=user&q.field=timestamp&q.field=meter")).All("id"));
    }

    [Theory]
    [InlineData("/v2/meters/cpu_util?q.field=meter&q.value=net.bytes")]
    [InlineData("/v2/meters/cpu_util?q.field=meter")]
    public async Task The_meter_of_the_path_overrides_a_condition(string path)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(["s3", "s2", "s1"], (await host.GetAsync(path)).All("message_id"));
    }

    private static string Unrecognized(string field, string query, string keys) =>
        $"Unknown argument: \"{field}\": unrecognized field in query: {query}, valid keys: {keys}";
}
