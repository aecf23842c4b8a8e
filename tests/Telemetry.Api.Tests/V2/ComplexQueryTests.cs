using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>POST /v2/query/samples.</summary>
public sealed class ComplexQueryTests
{
    [Theory]
    [InlineData("""{"=": {"counter_name": "cpu_util"}}""", "s3 s2 s1")]
    [InlineData("""{"=": {"meter": "cpu_util"}}""", "s3 s2 s1")]
    [InlineData("""{"=": {"counter_type": "cumulative"}}""", "s4")]
    [InlineData("""{"=": {"type": "cumulative"}}""", "s4")]
    [InlineData("""{"=": {"counter_unit": "B"}}""", "s4")]
    [InlineData("""{"=": {"unit": "B"}}""", "s4")]
    [InlineData("""{"=": {"source": "hw"}}""", "s4")]
    [InlineData("""{"=": {"user_id": "u2"}}""", "s3")]
    [InlineData("""{"=": {"user": "u2"}}""", "s3")]
    [InlineData("""{"=": {"project_id": "p2"}}""", "s3")]
    [InlineData("""{"=": {"project": "p2"}}""", "s3")]
    [InlineData("""{"=": {"resource_id": "r/3"}}""", "s5")]
    [InlineData("""{"=": {"resource": "r/3"}}""", "s5")]
    [InlineData("""{"=": {"message_id": "s1"}}""", "s1")]
    [InlineData("""{"=": {"message_signature": "x"}}""", "")]
    [InlineData("""{"=": {"resource_metadata": "x"}}""", "")]
    [InlineData("""{">": {"counter_volume": 20}}""", "s3 s2 s4")]
    [InlineData("""{">": {"volume": 20.5}}""", "s3 s4")]
    [InlineData("""{">=": {"volume": 20.5}}""", "s3 s2 s4")]
    [InlineData("""{"=>": {"volume": 20.5}}""", "s3 s2 s4")]
    [InlineData("""{"<": {"volume": 10}}""", "s5")]
    [InlineData("""{"<=": {"volume": 10}}""", "s5 s1")]
    [InlineData("""{"=<": {"volume": 10.0}}""", "s5 s1")]
    [InlineData("""{"!=": {"volume": 10}}""", "s5 s3 s2 s4")]
    [InlineData("""{"!=": {"user_id": "u1"}}""", "s3")]
    [InlineData("""{"=": {"timestamp": "2026-01-01T00:01:00"}}""", "s2 s4")]
    [InlineData("""{"=": {"timestamp": "2026-01-01T00:01:00+05:00"}}""", "s2 s4")]
    [InlineData("""{">": {"timestamp": "2026-01-01T00:01:00"}}""", "s5 s3")]
    [InlineData("""{"<=": {"timestamp": "2026-01-01 00:00:00"}}""", "s1")]
    [InlineData("""{"=": {"recorded_at": "2026-01-03T04:05:06"}}""", "s5 s3 s2 s4 s1")]
    [InlineData("""{"=~": {"meter": "^cpu"}}""", "s3 s2 s1")]
    [InlineData("""{"=~": {"resource": "[12]"}}""", "s3 s2 s4 s1")]
    [InlineData("""{"=~": {"meter": "(?=cpu).*_(?!bytes)"}}""", "s3 s2 s1")] // a lookaround: not for the non-backtracking engine
    [InlineData("""{"=~": {"metadata.name": "^w.b$"}}""", "s2 s1")]
    [InlineData("""{"in": {"user_id": ["u2", "u3"]}}""", "s3")]
    [InlineData("""{"in": {"volume": [1, 30.0, 5]}}""", "s5 s3")]
    [InlineData("""{"in": {"timestamp": ["2026-01-01", "2026-01-02T00:00:00"]}}""", "s5 s1")]
    [InlineData("""{"and": [{"=": {"user": "u1"}}, {">": {"volume": 15}}]}""", "s2 s4")]
    [InlineData("""{"or": [{"=": {"user": "u2"}}, {"=": {"volume": 1}}]}""", "s5 s3")]
    [InlineData("""{"AND": [{"Or": [{"=": {"user": "u1"}}, {"=": {"user": "u2"}}]}, {"NOT": {"IN": {"meter": ["net.bytes"]}}}]}""", "s3 s2 s1")]
    [InlineData("""{"not": {"=": {"meter": "cpu_util"}}}""", "s5 s4")]
    [InlineData("""{"not": {"not": {"=": {"meter": "cpu_util"}}}}""", "s3 s2 s1")]
    [InlineData("""{"=": {"metadata.name": "web"}}""", "s2 s1")]
    [InlineData("""{"=": {"metadata.n": 1}}""", "s2 s1")]
    [InlineData("""{"=": {"metadata.n": "1"}}""", "")]
    [InlineData("""{"=": {"metadata.t": "1"}}""", "s2 s1")]
    [InlineData("""{"=": {"metadata.f": 1.5}}""", "s2 s1")]
    [InlineData("""{">=": {"metadata.f": 1.25}}""", "s2 s1")]
    [InlineData("""{"=": {"metadata.b": true}}""", "s2 s1")]
    [InlineData("""{"=": {"metadata.nested.a.b": "deep"}}""", "s2 s1")]
    [InlineData("""{"=": {"resource_metadata.name": "web"}}""", "s2 s1")]
    public async Task A_filter_selects(string filter, string ids) => Assert.Equal(ids, await IdsAsync(filter));

    // SQL's third truth value: what a sample lacks is neither equal nor unequal.
    [Theory]
    [InlineData("""{"not": {"=": {"metadata.name": "web"}}}""", "")]
    [InlineData("""{"not": {"=": {"metadata.instance_type": "m1.tiny"}}}""", "s3")]
    [InlineData("""{"!=": {"metadata.instance_type": "m1.tiny"}}""", "s3")]
    [InlineData("""{"not": {"=": {"user_id": "u1"}}}""", "s3")]
    [InlineData("""{"or": [{"not": {"=": {"metadata.instance_type": "m1.tiny"}}}, {"=": {"meter": "orphan"}}]}""", "s5 s3")]
    public async Task A_comparison_with_what_is_missing_is_unknown_also_under_not(string filter, string ids) => Assert.Equal(ids, await IdsAsync(filter));

    [Theory]
    [InlineData("""[{"counter_volume": "asc"}]""", "s5 s1 s2 s3 s4")]
    [InlineData("""[{"volume": "DESC"}]""", "s4 s3 s2 s1 s5")]
    [InlineData("""[{"timestamp": "Asc"}]""", "s1 s2 s4 s3 s5")]
    [InlineData("""[{"meter": "desc"}, {"timestamp": "asc"}]""", "s5 s4 s1 s2 s3")]
    [InlineData("""[{"user": "asc"}, {"volume": "asc"}]""", "s5 s1 s2 s4 s3")]
    [InlineData("[]", "s5 s3 s2 s4 s1")]
    [InlineData("", "s5 s3 s2 s4 s1")]
    public async Task An_order_sorts(string orderby, string ids)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(ids, string.Join(' ', (await host.PostAsync("/v2/query/samples", JsonSerializer.Serialize(new { orderby }))).All("id")));
    }

    [Fact]
    public async Task A_limit_cuts()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(["s5", "s3"], (await host.PostAsync("/v2/query/samples/", """{"limit": 2}""")).All("id"));
    }

    [Theory]
    [InlineData("""{"foo": {"meter": "x"}}""", "'foo' is no operator")]
    [InlineData("""{"==": {"meter": "x"}}""", "'==' is no operator")]
    [InlineData("""{"=": {"foo": "x"}}""", "'foo' is no field")]
    [InlineData("""{"=": {"id": "x"}}""", "'id' is no field")]
    [InlineData("""{"=": {"Meter": "x"}}""", "'Meter' is no field")]
    [InlineData("""{"=": {"metadata.": "x"}}""", "'metadata.' is no field")]
    [InlineData("""{"=": {"metadata.a b": "x"}}""", "'metadata.a b' is no field")]
    [InlineData("""{"=": {"meter": null}}""", "None is not of type 'string', 'number', 'boolean'")]
    [InlineData("""{"=": {"meter": {"a": 1}}}""", "{'a': 1} is not of type 'string', 'number', 'boolean'")]
    [InlineData("""{"=": {"meter": ["a"]}}""", "['a'] is not of type 'string', 'number', 'boolean'")]
    [InlineData("""{"=": {"volume": 1e999}}""", "1e999 is too large a number")]
    [InlineData("""{"=": {"meter": "x", "user": "y"}}""", "{'meter': 'x', 'user': 'y'} is no object with one key, a field")]
    [InlineData("""{"=": {}}""", "{} is no object with one key, a field")]
    [InlineData("""{"=": "x"}""", "'x' is no object with one key, a field")]
    [InlineData("""{"=": {"meter": "x"}, "!=": {"meter": "y"}}""", "{'=': {'meter': 'x'}, '!=': {'meter': 'y'}} is no object with one key, an operator")]
    [InlineData("{}", "{} is no object with one key, an operator")]
    [InlineData("[]", "[] is no object with one key, an operator")]
    [InlineData("5", "5 is no object with one key, an operator")]
    [InlineData("""{"and": []}""", "[] is no list of two or more expressions for 'and'")]
    [InlineData("""{"and": [{"=": {"meter": "x"}}]}""", "[{'=': {'meter': 'x'}}] is no list of two or more expressions for 'and'")]
    [InlineData("""{"or": {"=": {"meter": "x"}}}""", "{'=': {'meter': 'x'}} is no list of two or more expressions for 'or'")]
    [InlineData("""{"not": [{"=": {"meter": "x"}}]}""", "[{'=': {'meter': 'x'}}] is no object with one key, an operator")]
    [InlineData("""{"in": {"meter": []}}""", "[] is no list of one or more values")]
    [InlineData("""{"in": {"meter": "x"}}""", "'x' is no list of one or more values")]
    [InlineData("""{"in": {"meter": ["x", true]}}""", "True is not of type 'string', 'number'")]
    [InlineData("""{"in": {"meter": [null]}}""", "None is not of type 'string', 'number'")]
    [InlineData("""{"=~": {"meter": 5}}""", "5 is no regular expression")]
    [InlineData("""{"=~": {"meter": "(x"}}""", "Invalid pattern '(x' at offset 2. Not enough )'s.")]
    public async Task A_filter_off_the_grammar_is_400(string filter, string problem)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.PostAsync("/v2/query/samples", Body(filter))).AssertFault(400, $"Filter expression not valid: {problem}");
    }

    [Theory]
    [InlineData("{", "Filter expression not valid: ")]
    [InlineData("NaN", "Filter expression not valid: ")]
    [InlineData("""{"=": {"meter": "\ud800"}}""", "Filter expression not valid: ")]
    [InlineData("""{"=": {"timestamp": "yesterday"}}""", "Failed to parse the timestamp value yesterday")]
    [InlineData("""{"=": {"timestamp": 5}}""", "Failed to parse the timestamp value 5")]
    public async Task A_filter_that_cannot_be_read_is_400(string filter, string prefix)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.PostAsync("/v2/query/samples", Body(filter));

        answer.AssertFault(400, answer.Fault);
        Assert.StartsWith(prefix, answer.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task In_on_metadata_is_501()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.PostAsync("/v2/query/samples", Body("""{"in": {"metadata.n": [1]}}"""))).AssertFault(501, "Metadata query with in operator is not implemented");
    }

    [Theory]
    [InlineData("""{"orderby": "{\"meter\": \"asc\"}"}""", "Order-by expression not valid: {'meter': 'asc'} is not of type 'array'")]
    [InlineData("""{"orderby": "[{\"meter\": \"up\"}]"}""", "Order-by expression not valid: 'up' does not match '(?i)^asc$|^desc$'")]
    [InlineData("""{"orderby": "[{\"meter\": 1}]"}""", "Order-by expression not valid: 1 is not of type 'string'")]
    [InlineData("""{"orderby": "[{\"foo\": \"asc\"}]"}""", "Order-by expression not valid: 'foo' is no field")]
    [InlineData("""{"orderby": "[{\"metadata.x\": \"asc\"}]"}""", "Order-by expression not valid: 'metadata.x' is no field")]
    [InlineData("""{"orderby": "[{}]"}""", "Order-by expression not valid: {} is no object with one key, a field")]
    [InlineData("""{"orderby": "[\"meter\"]"}""", "Order-by expression not valid: 'meter' is no object with one key, a field")]
    [InlineData("""{"filter": {"=": {"meter": "x"}}}""", "Invalid input for field/attribute filter. Value: '{'=': {'meter': 'x'}}'. Wrong type. Expected '<class 'str'>', got '<class 'dict'>'")]
    [InlineData("""{"orderby": [{"meter": "asc"}]}""", "Invalid input for field/attribute orderby. Value: '[{'meter': 'asc'}]'. Wrong type. Expected '<class 'str'>', got '<class 'list'>'")]
    [InlineData("""{"limit": 0}""", "Limit must be positive")]
    [InlineData("""{"limit": -1}""", "Limit must be positive")]
    [InlineData("""{"limit": "x"}""", "Invalid input for field/attribute limit. Value: 'x'. unable to convert to int. Error: invalid literal for int() with base 10: 'x'")]
    [InlineData("""{"foo": 1}""", "Unknown attribute for argument body: foo")]
    [InlineData("""{"foo": 1, "bar": 2}""", "Unknown attribute for argument body: foo, bar")]
    [InlineData("[]", "Invalid input for field/attribute body. Value: '[]'. It must be an object.")]
    [InlineData("", "Missing argument: \"body\"")]
    [InlineData("null", "Missing argument: \"body\"")]
    [InlineData("{", "Request is not in valid JSON format")]
    public async Task A_body_that_is_no_query_is_400(string body, string fault)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.PostAsync("/v2/query/samples", body)).AssertFault(400, fault);
    }

    [Fact]
    public async Task An_order_that_is_no_JSON_is_400()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.StartsWith("Order-by expression not valid: ", (await host.PostAsync("/v2/query/samples", """{"orderby": "["}""")).Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_query_string_takes_nothing()
    {
        await using var host = await ApiHost.StartAsync();

        (await host.PostAsync("/v2/query/samples?limit=1", "{}")).AssertFault(400, "Unknown argument: \"limit\"");
    }

    private static string Body(string filter) => JsonSerializer.Serialize(new { filter });

    private static async Task<string> IdsAsync(string filter)
    {
        await using var host = await ApiHost.StartAsync();
        return string.Join(' ', (await host.PostAsync("/v2/query/samples", Body(filter))).All("id"));
    }
}
