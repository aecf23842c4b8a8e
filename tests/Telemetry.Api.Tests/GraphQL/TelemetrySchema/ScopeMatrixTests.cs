using System.Text.Json;
using System.Text.Json.Nodes;
using Telemetry.Api.Tests.Support;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>A caller sees through GraphQL exactly what it sees through REST: one table drives both.</summary>
public sealed class ScopeMatrixTests
{
    private static readonly Dictionary<string, (string, string)[]> Callers = new()
    {
        ["member of p1"] = [("X-Roles", "member"), ("X-User-Id", "u1"), ("X-Project-Id", "p1")],
        ["another member of p1"] = [("X-Roles", "member"), ("X-User-Id", "u9"), ("X-Project-Id", "p1")],
        ["member of p2"] = [("X-Roles", "member"), ("X-User-Id", "u2"), ("X-Project-Id", "p2")],
        ["member of an empty project"] = [("X-Roles", "member"), ("X-User-Id", "u3"), ("X-Project-Id", "p3")],
        ["admin of p1"] = [("X-Roles", "admin"), ("X-User-Id", "root"), ("X-Project-Id", "p1")],
        ["somebody without a project"] = [("X-Roles", "member"), ("X-User-Id", "u1")],
        ["nobody"] = [],
    };

    /// <summary>What is asked over REST, what of each item is compared, the same over GraphQL, and where its items and that part stand.</summary>
    private static readonly (string Name, string Path, string Member, string Query, string Items, string Part)[] Questions =
    [
        ("samples", "/v2/samples", "id", "samples { nodes { ID } }", "samples.nodes", "id"),
        ("samples of a meter", "/v2/meters/cpu", "message_id", "meter(name: \"cpu\") { samples { nodes { ID } } }", "meter.samples.nodes", "id"),
        ("samples of one's own project", "/v2/samples?q.field=project_id&q.value=p1", "id", "samples(where: {projectId: {eq: \"p1\"}}) { nodes { ID } }", "samples.nodes", "id"),
        ("samples of another project", "/v2/samples?q.field=project_id&q.value=p2", "id", "samples(where: {projectId: {eq: \"p2\"}}) { nodes { ID } }", "samples.nodes", "id"),
        ("samples of no project", "/v2/samples?q.field=project_id&q.value=None", "id", "samples(where: {projectId: {eq: null}}) { nodes { ID } }", "samples.nodes", "id"),
        ("meters", "/v2/meters?unique=1", "name", "meters { nodes { name } }", "meters.nodes", "name"),
        ("resources", "/v2/resources", "resource_id", "resources { nodes { externalId } }", "resources.nodes", "externalId"),
        ("resources of another project", "/v2/resources?q.field=project&q.value=p2", "resource_id", "resources(where: {projectId: {in: [\"p2\"]}}) { nodes { externalId } }", "resources.nodes", "externalId"),
        ("a resource", "/v2/resources/r1", "resource_id", "resource(id: \"r1\") { externalId }", "resource", "externalId"),
        ("a resource of p2", "/v2/resources/r2", "resource_id", "resource(id: \"r2\") { externalId }", "resource", "externalId"),
        ("a sample", "/v2/samples/s1", "id", "node(id: \"U2FtcGxlOnMx\") { ID }", "node", "id"),
        ("a sample of p2", "/v2/samples/s2", "id", "node(id: \"U2FtcGxlOnMy\") { ID }", "node", "id"),
        ("statistics", "/v2/meters/cpu/statistics?groupby=project_id", "count", "statistics(meter: \"cpu\", range: {from: \"2026-03-01T00:00:00Z\"}, groupBy: [{dimension: PROJECT}]) { buckets { count } }", "statistics.buckets", "count"),
        ("statistics of another project", "/v2/meters/cpu/statistics?q.field=project&q.value=p2", "count", "statistics(meter: \"cpu\", range: {from: \"2026-03-01T00:00:00Z\"}, where: {projectId: {eq: \"p2\"}}) { buckets { count } }", "statistics.buckets", "count"),
        ("alarms", "/v2/alarms", "name", "alarms { nodes { name } }", "alarms.nodes", "name"),
        ("all projects' alarms", "/v2/alarms?q.field=all_projects&q.value=true", "name", "alarms(allProjects: true) { nodes { name } }", "alarms.nodes", "name"),
        ("alarms of another project", "/v2/alarms?q.field=project_id&q.value=p2", "name", "alarms(where: {projectId: {eq: \"p2\"}}) { nodes { name } }", "alarms.nodes", "name"),
        ("an alarm", "/v2/alarms/ALARM1", "alarm_id", "alarm(by: {alarmId: \"ALARM1\"}) { alarmId }", "alarm", "alarmId"),
        ("an alarm of p2", "/v2/alarms/ALARM2", "alarm_id", "alarm(by: {alarmId: \"ALARM2\"}) { alarmId }", "alarm", "alarmId"),
        ("history", "/v2/alarms/ALARM1/history", "event_id", "alarm(by: {alarmId: \"ALARM1\"}) { history { nodes { ... on AlarmCreated { provenance { id } } ... on AlarmStateChanged { provenance { id } } } } }", "alarm.history.nodes", "provenance.id"),
        ("history of an alarm of p2", "/v2/alarms/ALARM2/history", "event_id", "alarm(by: {alarmId: \"ALARM2\"}) { history { nodes { ... on AlarmCreated { provenance { id } } } } }", "alarm.history.nodes", "provenance.id"),
        ("events", "/v2/events", "message_id", "events { nodes { messageId } }", "events.nodes", "messageId"),
        ("an event", "/v2/events/e1", "message_id", "event(messageId: \"e1\") { messageId }", "event", "messageId"),
        ("an event of p2", "/v2/events/e3", "message_id", "event(messageId: \"e3\") { messageId }", "event", "messageId"),
        ("a project's stream", "/v2/streams/samples-p1-2026-03", "id", "stream(name: \"samples-p1-2026-03\") { events { id } }", "stream.events", "id"),
        ("another project's stream", "/v2/streams/samples-p2-2026-03", "id", "stream(name: \"samples-p2-2026-03\") { events { id } }", "stream.events", "id"),
        ("an alarm's stream", "/v2/streams/alarm-ALARM1", "id", "stream(name: \"alarm-ALARM1\") { events { id } }", "stream.events", "id"),
    ];

    [Fact]
    public async Task Every_caller_sees_the_same_through_both()
    {
        await using var host = await TelemetryHost.StartAsync();
        var (alarm1, alarm2) = await FillAsync(host);
        var differences = new List<string>();
        var seen = new HashSet<string>();
        foreach (var (caller, headers) in Callers)
        {
            foreach (var question in Questions)
            {
                string Named(string text) => text.Replace("ALARM1", alarm1).Replace("ALARM2", alarm2).Replace("{ ID }", "{ id }");
                var rest = await host.SendAsync("GET", Named(question.Path), null, headers);
                var graphql = await host.PostAsync($"{{ {Named(question.Query)} }}", null, headers);
                var (theirs, ours) = (OfRest(rest, question.Member), OfGraphQL(graphql, question.Items, question.Part));
                seen.Add(theirs);
                if (theirs != ours)
                    differences.Add($"{caller}, {question.Name}: REST says {theirs}, GraphQL {ours}");
            }
        }

        Assert.Empty(differences);
        Assert.Contains("refused", seen);
        Assert.True(seen.Count > 10, string.Join('\n', seen)); // the table does tell callers apart
    }

    [Fact]
    public async Task Kinds_of_events_are_not_for_limited_callers()
    {
        await using var host = await TelemetryHost.StartAsync();
        await host.RecordEventsAsync(Event("e1", ("project_id", "p1")));
        foreach (var (caller, headers) in Callers)
        {
            var rest = await host.SendAsync("GET", "/v2/event_types", null, headers);
            var graphql = OfGraphQL(await host.PostAsync("{ eventTypes { name } }", null, headers), "eventTypes", "name");
            Assert.True((rest.Status == 200 ? "compute.instance.update" : "refused") == graphql, $"{caller}: REST {rest.Status}, GraphQL {graphql}");
        }
    }

    internal static TelemetryEvent Event(string id, params (string Name, string Value)[] traits) =>
        new(id, "compute.instance.update", UnixMicroseconds.From(TelemetryHost.Now), [.. traits.Select(t => new Trait(t.Name, QueryValue.Of(t.Value)))]);

    private static async Task<(string, string)> FillAsync(TelemetryHost host)
    {
        await host.RecordAsync(
            TelemetryHost.Sample("cpu", 1, "2026-03-30T10:00:00", id: "s1"), TelemetryHost.Sample("cpu", 2, "2026-03-30T10:00:00", "r2", "p2", "u2", id: "s2"),
            TelemetryHost.Sample("cpu", 3, "2026-03-30T11:00:00", "shared", "p1", id: "s3"), TelemetryHost.Sample("cpu", 4, "2026-03-30T12:00:00", "shared", "p2", "u2", id: "s4"),
            TelemetryHost.Sample("net", 5, "2026-03-30T12:00:00", "r2", "p2", "u2", id: "s5"), TelemetryHost.Sample("orphan", 6, "2026-03-30T12:00:00", "r3", null, null, id: "s6"));
        await host.RecordEventsAsync(
            Event("e1", ("project_id", "p1"), ("user_id", "u1")), Event("e2", ("project_id", "p1"), ("user_id", "u9")), Event("e3", ("project_id", "p2"), ("user_id", "u2")), Event("e4"));
        var alarm1 = await host.CreateAlarmAsync("one", headers: Callers["member of p1"]);
        var alarm2 = await host.CreateAlarmAsync("two", headers: Callers["member of p2"]);
        await host.CreateAlarmAsync("three", headers: Callers["admin of p1"]);
        Assert.Equal(200, (await host.SendAsync("PUT", $"/v2/alarms/{alarm1}/state", "\"alarm\"", Callers["member of p1"])).Status);
        return (alarm1, alarm2);
    }

    /// <summary>The parts of the items; what is not there is nothing; what may not be asked is refused.</summary>
    private static string OfRest(Answer answer, string member) => answer.Status switch
    {
        401 or 403 => "refused",
        404 => "nothing",
        200 => Joined(answer.Json.ValueKind == JsonValueKind.Array ? answer.Json.EnumerateArray().Select(i => i.GetProperty(member).ToString()) : [answer.Json.GetProperty(member).ToString()]),
        var status => $"{status}: {answer.Text}",
    };

    private static string OfGraphQL(JsonNode answer, string items, string part)
    {
        if (answer["errors"] is JsonArray errors)
        {
            return errors.All(e => e!["extensions"]!["code"]!.GetValue<string>() == "AUTH_NOT_AUTHORIZED" && e["extensions"]!["traceId"] is not null)
                ? "refused"
                : errors.ToJsonString();
        }
        var found = Walk(answer["data"], items);
        JsonNode?[] all = found is JsonArray list ? list.ToArray() : found is null ? [] : [found];
        return Joined(all.Select(i => Walk(i, part)).Where(v => v is not null).Select(v => Plain(v!)));
    }

    private static JsonNode? Walk(JsonNode? node, string path) => path.Split('.').Aggregate(node, (n, name) => n?[name]);

    /// <summary>A sample's global id is told apart, so that it compares with REST's.</summary>
    private static string Plain(JsonNode value) =>
        value.GetValueKind() == JsonValueKind.String && Telemetry.Api.GraphQL.Types.NodeId.TryParse(value.GetValue<string>()) is { TypeName: "Sample" } id ? id.Key : value.ToString();

    private static string Joined(IEnumerable<string> values) => string.Join(' ', values.Order(StringComparer.Ordinal)) is { Length: > 0 } text ? text : "nothing";
}
