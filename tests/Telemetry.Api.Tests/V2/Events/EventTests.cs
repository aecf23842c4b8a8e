using System.Net;
using System.Text.Json;
using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2.Events;

/// <summary>Ceilometer's calls about telemetry events.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private const string Posted = """
        [
         {"message_id": "e2", "event_type": "compute.delete", "generated": "2026-11-20T10:02:00", "traits": [
            {"name": "project_id", "type": "string", "value": "p1"}, {"name": "user_id", "type": "string", "value": "u2"}, {"name": "host", "type": "string", "value": "b"}]},
         {"message_id": "e1", "event_type": "compute.create", "generated": "2026-11-20T10:01:00.500000", "traits": [
            {"name": "user_id", "type": "string", "value": "u1"}, {"name": "project_id", "type": "string", "value": "p1"}, {"name": "host", "type": "string", "value": "a"},
            {"name": "vcpus", "type": "integer", "value": 3}, {"name": "ratio", "type": "float", "value": 1.5}, {"name": "at", "type": "datetime", "value": "2026-11-20T10:00:00Z"}],
            "raw": {"payload": [1, {"a": "é"}]}},
         {"message_id": "e3", "event_type": "compute.create", "generated": "2026-11-20T10:03:00", "traits": [
            {"name": "project_id", "type": "string", "value": "p2"}, {"name": "user_id", "type": "string", "value": "u1"}, {"name": "host", "type": "string", "value": "a"}]},
         {"message_id": "e4", "event_type": "image.update", "generated": "2026-11-20T10:04:00", "traits": [
            {"name": "tenant_id", "type": "string", "value": "p2"}, {"name": "host", "type": "integer", "value": 5}, {"name": "vcpus", "type": "integer", "value": -7}]},
         {"message_id": "e5", "event_type": "image.update", "generated": "2026-11-20T10:04:00", "traits": []}
        ]
        """;

    private static readonly (string, string)[] Admin = [("X-Roles", "admin"), ("X-User-Id", "boss"), ("X-Project-Id", "p1")];
    private static readonly (string, string)[] Member = [("X-Roles", "member"), ("X-User-Id", "u1"), ("X-Project-Id", "p1")];

    private ApiHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await ApiHost.StartEventsAsync();
        Assert.Equal(HttpStatusCode.Created, (await _host.PostAsync("/v2/events", Posted, Admin)).Status);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task<string> IdsAsync(string query, params (string, string)[] headers) =>
        string.Join(' ', (await _host.GetAsync($"/v2/events{query}", headers is [] ? Admin : headers)).All("message_id"));

    [Fact]
    public async Task An_event_is_shown_with_typed_traits_as_text_in_their_order()
    {
        const string Shown = """
            {"message_id":"e1","event_type":"compute.create","generated":"2026-11-20T10:01:00.500000","traits":[{"name":"user_id","type":"string","value":"u1"},{"name":"project_id","type":"string","value":"p1"},{"name":"host","type":"string","value":"a"},{"name":"vcpus","type":"integer","value":"3"},{"name":"ratio","type":"float","value":"1.5"},{"name":"at","type":"datetime","value":"2026-11-20T10:00:00"}],"raw":{"payload":[1,{"a":"é"}]}}
            """;

        Assert.Equal(Shown.Trim(), (await _host.GetAsync("/v2/events/e1", Admin)).Body);
        Assert.Equal($"[{Shown.Trim()}]", (await _host.GetAsync("/v2/events?q.field=message_id&q.value=e1", Admin)).Body);
        Assert.Equal("""{"message_id":"e5","event_type":"image.update","generated":"2026-11-20T10:04:00","traits":[],"raw":{}}""", (await _host.GetAsync("/v2/events/e5", Admin)).Body);
    }

    [Fact]
    public async Task Events_come_first_generated_first_and_those_of_one_instant_as_they_came_in() => Assert.Equal("e1 e2 e4 e5", await IdsAsync(""));

    [Theory]
    [InlineData("", "", 403)]
    [InlineData("u1", "", 403)]
    [InlineData("", "p1", 403)]
    [InlineData("u1", "-", 403)] // no such header at all
    [InlineData("", "-", 403)]
    [InlineData("u1", "p1", 200)]
    public async Task Who_asks_and_for_which_project_must_be_said(string user, string project, int status)
    {
        (string, string)[] headers = [("X-Roles", "admin"), .. user.Length > 0 ? [("X-User-Id", user)] : Array.Empty<(string, string)>(), .. project != "-" ? [("X-Project-Id", project)] : Array.Empty<(string, string)>()];

        foreach (var path in (string[])["/v2/events", "/v2/events/e1"])
        {
            var answer = await _host.GetAsync(path, headers);
            Assert.Equal(status, (int)answer.Status);
            if (status == 403)
                Assert.Equal("RBAC Authorization Failed", answer.Json.GetProperty("error_message").GetString());
        }
    }

    [Theory]
    [InlineData("member", "u1", "p1", "e1")] // own project and own user
    [InlineData("member", "u2", "p1", "e2")]
    [InlineData("member", "u1", "p2", "e3")]
    [InlineData("member", "u3", "p1", "")]
    [InlineData("admin", "u3", "p1", "e1 e2 e4 e5")] // an admin's own project, and events of none
    [InlineData("Admin", "u3", "p2", "e3 e4 e5")]
    [InlineData("admin", "u3", "p9", "e4 e5")]
    public async Task A_caller_sees_what_is_its_own(string role, string user, string project, string ids)
    {
        (string, string)[] headers = [("X-Roles", role), ("X-User-Id", user), ("X-Project-Id", project)];

        Assert.Equal(ids, await IdsAsync("", headers));
        foreach (var id in (string[])["e1", "e2", "e3", "e4", "e5"])
        {
            var answer = await _host.GetAsync($"/v2/events/{id}", headers);
            if (ids.Contains(id, StringComparison.Ordinal))
                Assert.Equal(HttpStatusCode.OK, answer.Status);
            else
                answer.AssertFault(404, $"Event {id} Not Found");
        }
    }

    [Fact]
    public async Task A_condition_cannot_show_more_than_the_caller_sees() =>
        Assert.Equal("", await IdsAsync("?q.field=project_id&q.value=p2&q.field=user_id&q.value=u1", Member));

    [Theory]
    [InlineData("event_type", "", "compute.create", "", "e1")]
    [InlineData("event_type", "eq", "nosuch", "", "")]
    [InlineData("message_id", "eq", "e2", "", "e2")]
    [InlineData("message_id", "eq", "e3", "", "")]
    [InlineData("start_timestamp", "ge", "2026-11-20T10:02:00", "", "e2 e4 e5")]
    [InlineData("end_timestamp", "le", "2026-11-20T10:02:00", "", "e1 e2")]
    [InlineData("end_timestamp", "le", "2026-11-20T10:02:00%2B02:00", "", "e1 e2")]
    [InlineData("host", "", "a", "", "e1")]
    [InlineData("host", "", "a", "string", "e1")]
    [InlineData("host", "ne", "a", "", "e2")] // the trait has to be there, and text
    [InlineData("host", "lt", "b", "", "e1")]
    [InlineData("host", "le", "b", "", "e1 e2")]
    [InlineData("host", "gt", "a", "", "e2")]
    [InlineData("host", "ge", "B", "", "e1 e2")] // by code point
    [InlineData("host", "", "5", "", "")]
    [InlineData("host", "", "5", "integer", "e4")]
    [InlineData("vcpus", "", "3", "integer", "e1")]
    [InlineData("vcpus", "", "3", "", "")] // a text is no number
    [InlineData("vcpus", "", "3", "float", "")]
    [InlineData("vcpus", "lt", "3", "integer", "e4")]
    [InlineData("vcpus", "ge", "-7", "integer", "e1 e4")]
    [InlineData("vcpus", "ne", "3", "integer", "e4")]
    [InlineData("vcpus", "lt", "99999999999999999999", "integer", "e1 e4")]
    [InlineData("vcpus", "ne", "99999999999999999999", "integer", "e1 e4")]
    [InlineData("vcpus", "gt", "99999999999999999999", "integer", "")]
    [InlineData("vcpus", "gt", "-99999999999999999999", "integer", "e1 e4")]
    [InlineData("vcpus", "", "99999999999999999999", "integer", "")]
    [InlineData("ratio", "gt", "1.4", "float", "e1")]
    [InlineData("ratio", "gt", "1.5", "float", "")]
    [InlineData("at", "", "2026-11-20T11:00:00%2B01:00", "datetime", "e1")]
    [InlineData("at", "lt", "2026-11-20T10:00:01", "datetime", "e1")]
    [InlineData("nosuch", "ne", "x", "", "")]
    public async Task A_condition_selects(string field, string op, string value, string type, string ids) =>
        Assert.Equal(ids, await IdsAsync($"?q.field={field}&q.op={op}&q.value={value}{(type.Length > 0 ? $"&q.type={type}" : "")}"));

    /// <summary>Each operator compares three ascending values with the one in the middle; a trait of another type and none at all meet no condition.</summary>
    [Theory]
    [InlineData("string", "a", "b", "c")]
    [InlineData("integer", "-5", "9", "10")]
    [InlineData("float", "-1.5", "2.0", "10.25")]
    [InlineData("datetime", "2026-11-20T09:00:00", "2026-11-20T10:00:00", "2026-11-20T10:00:00.000001")]
    public async Task Every_operator_compares_values_of_every_type(string type, params string[] values)
    {
        string Event(string id, string traits) => $$"""{"message_id": "{{id}}", "event_type": "x", "generated": "2026-11-21", "traits": [{{traits}}]}""";
        string Trait(string type, string value) => $$"""{"name": "v", "type": "{{type}}", "value": "{{value}}"}""";
        await _host.PostAsync("/v2/events", $"[{string.Join(',', [.. values.Select((v, i) => Event($"{i + 1}", Trait(type, v))), Event("other", Trait(type == "integer" ? "float" : "integer", "9")), Event("bare", "")])}]", Admin);

        foreach (var (op, ids) in new[] { ("lt", "1"), ("le", "1 2"), ("eq", "2"), ("", "2"), ("ne", "1 3"), ("ge", "2 3"), ("gt", "3") })
            Assert.Equal((op, ids), (op, await IdsAsync($"?q.field=v&q.op={op}&q.value={values[1]}&q.type={type}")));
        var shown = (await _host.GetAsync($"/v2/events?q.field=v&q.op=ge&q.value={values[0]}&q.type={type}", Admin)).Json.EnumerateArray();
        Assert.Equal(values, shown.Select(e => e.GetProperty("traits")[0].GetProperty("value").GetString()));
    }

    [Theory]
    [InlineData("?q.field=host&q.value=a&q.field=vcpus&q.value=3&q.type=string&q.type=integer", "e1")]
    [InlineData("?q.field=host&q.value=a&q.field=vcpus&q.value=4&q.type=string&q.type=integer", "")] // not one trait each of different events
    [InlineData("?q.field=event_type&q.value=image.update&q.field=vcpus&q.op=eq&q.op=lt&q.value=0&q.type=&q.type=integer", "e4")]
    [InlineData("?q.field=event_type&q.value=image.update&q.field=event_type&q.value=compute.delete", "e2")] // of a fixed field the last counts
    [InlineData("?q.field=host&limit=1", "")]
    [InlineData("?limit=2", "e1 e2")]
    public async Task Conditions_hold_together(string query, string ids) => Assert.Equal(ids, await IdsAsync(query));

    [Fact]
    public async Task Conditions_may_come_as_a_JSON_body()
    {
        var answer = await _host.SendAsync("GET", "/v2/events", """{"q": [{"field": "vcpus", "op": "gt", "value": "1", "type": "integer"}], "limit": 1}""", [("Content-Type", "application/json"), .. Admin]);

        Assert.Equal(["e1"], answer.All("message_id"));
    }

    [Theory]
    [InlineData("?q.field=host&q.op=xx&q.value=a", "Operator xx is not supported. The supported operators are: ('lt', 'le', 'eq', 'ne', 'ge', 'gt')")]
    [InlineData("?q.field=event_type&q.op=xx&q.value=a", "Operator xx is not supported. The supported operators are: ('lt', 'le', 'eq', 'ne', 'ge', 'gt')")]
    [InlineData("?q.field=event_type&q.op=ne&q.value=a", "Operator ne is not supported. Only `eq' operator is available for field event_type")]
    [InlineData("?q.field=message_id&q.op=gt&q.value=a", "Operator gt is not supported. Only `eq' operator is available for field message_id")]
    [InlineData("?q.field=start_timestamp&q.value=2026-01-01", "Operator eq is not supported. Only `ge' operator is available for field start_timestamp")]
    [InlineData("?q.field=start_timestamp&q.op=gt&q.value=2026-01-01", "Operator gt is not supported. Only `ge' operator is available for field start_timestamp")]
    [InlineData("?q.field=end_timestamp&q.value=2026-01-01", "Operator eq is not supported. Only `le' operator is available for field end_timestamp")]
    [InlineData("?q.field=end_timestamp&q.op=le&q.value=x", "Invalid input for field/attribute end_timestamp. Value: 'x'. invalid timestamp format")]
    [InlineData("?q.field=end_timestamp&q.op=lt&q.value=2026-01-01", "Operator lt is not supported. Only `le' operator is available for field end_timestamp")]
    [InlineData("?q.field=a&q.value=1&q.type=boolean", "The data type boolean is not supported. The supported data type list is: ['integer', 'float', 'string', 'datetime']")]
    [InlineData("?q.field=a&q.value=1&q.type=text", "The data type text is not supported. The supported data type list is: ['integer', 'float', 'string', 'datetime']")]
    [InlineData("?q.field=a&q.value=x&q.type=integer", "Unable to convert the value x to the expected data type integer.")]
    [InlineData("?q.field=a&q.value=1.5&q.type=integer", "Unable to convert the value 1.5 to the expected data type integer.")]
    [InlineData("?q.field=a&q.value=x&q.type=float", "Unable to convert the value x to the expected data type float.")]
    [InlineData("?q.field=a&q.value=x&q.type=datetime", "Unable to convert the value x to the expected data type datetime.")]
    [InlineData("?q.field=start_timestamp&q.op=ge&q.value=x", "Invalid input for field/attribute start_timestamp. Value: 'x'. invalid timestamp format")]
    [InlineData("?limit=0", "Limit must be positive")]
    [InlineData("?limit=-1", "Limit must be positive")]
    [InlineData("?unknown=1", "Unknown argument: \"unknown\"")]
    [InlineData("?q.value=1", "Invalid input for field/attribute field. Value: 'None'. Mandatory field missing.")]
    public async Task A_wrong_condition_is_refused(string query, string fault) => (await _host.GetAsync($"/v2/events{query}", Admin)).AssertFault(400, fault);

    [Fact]
    public async Task Event_types_and_their_traits_are_listed_for_those_who_see_everything()
    {
        foreach (var headers in new[] { Admin, [], [("X-Roles", "member"), ("X-User-Id", "u1")] }) // who names no project is not limited to one
        {
            Assert.Equal("""["compute.create","compute.delete","image.update"]""", (await _host.GetAsync("/v2/event_types", headers)).Body);
            Assert.Equal(
                """[{"name":"host","type":"string"},{"name":"project_id","type":"string"},{"name":"user_id","type":"string"},{"name":"vcpus","type":"integer"},{"name":"ratio","type":"float"},{"name":"at","type":"datetime"}]""",
                (await _host.GetAsync("/v2/event_types/compute.create/traits", headers)).Body);
            Assert.Equal(
                """[{"name":"host","type":"string","value":"a"},{"name":"host","type":"string","value":"a"}]""",
                (await _host.GetAsync("/v2/event_types/compute.create/traits/host", headers)).Body);
            Assert.Equal("[]", (await _host.GetAsync("/v2/event_types/nosuch/traits", headers)).Body);
            Assert.Equal("[]", (await _host.GetAsync("/v2/event_types/nosuch/traits/host", headers)).Body);
            Assert.Equal("[]", (await _host.GetAsync("/v2/event_types/compute.create/traits/nosuch", headers)).Body);
            Assert.Equal(HttpStatusCode.NotFound, (await _host.GetAsync("/v2/event_types/compute.create", headers)).Status);
        }
    }

    [Fact]
    public async Task Traits_of_one_name_come_by_type_then_as_their_events_came()
    {
        string Event(string id, string traits) => $$"""{"message_id": "{{id}}", "event_type": "mixed", "generated": "2026-11-21", "traits": [{{traits}}]}""";
        string Trait(string type, string value) => $$"""{"name": "n", "type": "{{type}}", "value": "{{value}}"}""";
        await _host.PostAsync("/v2/events", $"[{Event("1", $"{Trait("datetime", "2026-11-20")}, {Trait("float", "0.5")}")}, {Event("2", $"{Trait("integer", "7")}, {Trait("string", "b")}")}, {Event("3", Trait("string", "a"))}]", Admin);

        Assert.Equal(["string", "integer", "float", "datetime"], (await _host.GetAsync("/v2/event_types/mixed/traits", Admin)).All("type"));
        Assert.Equal(["b", "a", "7", "0.5", "2026-11-20T00:00:00"], (await _host.GetAsync("/v2/event_types/mixed/traits/n", Admin)).All("value"));
    }

    [Theory]
    [InlineData("/v2/event_types")]
    [InlineData("/v2/event_types/compute.create")]
    [InlineData("/v2/event_types/compute.create/traits")]
    [InlineData("/v2/event_types/compute.create/traits/host")]
    public async Task Event_types_are_not_for_limited_callers(string path)
    {
        var answer = await _host.GetAsync(path, Member);

        Assert.Equal((401, "Not Authorized to access project p1"), ((int)answer.Status, answer.Json.GetProperty("error_message").GetString()));
    }

    [Theory]
    [InlineData("PUT", "/v2/events", "GET, POST")]
    [InlineData("DELETE", "/v2/events/e1", "GET")]
    [InlineData("POST", "/v2/event_types", "GET")]
    public async Task Other_methods_are_refused(string method, string path, string allowed)
    {
        var answer = await _host.SendAsync(method, path, null, Admin);

        Assert.Equal((405, allowed), ((int)answer.Status, answer.Headers.Allow.ToString()));
    }

    [Fact]
    public async Task Ids_and_types_may_hold_any_character()
    {
        await _host.PostAsync("/v2/events", """[{"message_id": "a/b %2F?é", "event_type": "t/x", "generated": "2026-11-20", "traits": [{"name": "n/m", "type": "string", "value": ""}]}]""", Admin);

        Assert.Equal("a/b %2F?é", await IdsAsync($"?q.field=message_id&q.value={Uri.EscapeDataString("a/b %2F?é")}"));
        Assert.Equal("a/b %2F?é", await IdsAsync($"?q.field={Uri.EscapeDataString("n/m")}&q.value="));
    }

    [Fact]
    public async Task The_capabilities_name_events()
    {
        var capabilities = (await _host.GetAsync("/v2/capabilities")).Json;

        Assert.True(capabilities.GetProperty("api").GetProperty("events:query:simple").GetBoolean());
        Assert.True(capabilities.GetProperty("event_storage").GetProperty("storage:production_ready").GetBoolean());
    }

    [Fact]
    public async Task The_OpenAPI_document_lists_the_calls()
    {
        var paths = (await _host.GetAsync("/openapi/v2.json")).Json.GetProperty("paths");

        foreach (var path in (string[])["/v2/events", "/v2/events/{message_id}", "/v2/event_types", "/v2/event_types/{event_type}/traits", "/v2/event_types/{event_type}/traits/{name}", "/v2/intake/events"])
            Assert.True(paths.TryGetProperty(path, out _), path);
        Assert.Equal(
            ["q.field", "q.op", "q.value", "q.type", "limit"],
            paths.GetProperty("/v2/events").GetProperty("get").GetProperty("parameters").EnumerateArray().Select(p => p.GetProperty("name").GetString()));
        Assert.True(paths.GetProperty("/v2/events").GetProperty("post").TryGetProperty("requestBody", out _));
    }

    [Fact]
    public async Task Streams_show_them_whole_to_their_project_only()
    {
        var streams = (await _host.GetAsync("/v2/streams", Member)).All("name");
        Assert.Equal(["events-p1-2026-11"], streams);
        var stream = await _host.GetAsync("/v2/streams/events-p1-2026-11", Member);
        var data = stream.Json[0].GetProperty("data").GetProperty("events");

        Assert.Equal("telemetry-events-recorded", stream.Json[0].GetProperty("type").GetString());
        Assert.Equal(["e2", "e1"], data.EnumerateArray().Select(e => e.GetProperty("message_id").GetString()));
        Assert.Equal("""["vcpus",2,3]""", data[1].GetProperty("traits")[3].GetRawText());
        Assert.Equal(JsonValueKind.Object, data[1].GetProperty("raw").ValueKind);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.GetAsync("/v2/streams/events-p2-2026-11", Member)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _host.GetAsync("/v2/streams/events-none-2026-11", Member)).Status);
        Assert.Equal(["e5"], (await _host.GetAsync("/v2/streams/events-none-2026-11", Admin)).Json[0].GetProperty("data").GetProperty("events").EnumerateArray().Select(e => e.GetProperty("message_id").GetString()));
    }
}
