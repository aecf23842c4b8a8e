using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Mutations are REST's commands: the same checks, defaults and texts.</summary>
public sealed class AlarmMutationTests
{
    private static readonly (string, string)[] Member = [("X-Roles", "member"), ("X-User-Id", "u1"), ("X-Project-Id", "p1")];

    private const string Threshold = "threshold: {meter: \"cpu\", comparison: GT, threshold: 80, period: \"PT1M\"}";
    private const string RestThreshold = "\"type\":\"threshold\",\"threshold_rule\":{\"meter_name\":\"cpu\",\"comparison_operator\":\"gt\",\"threshold\":80.0,\"period\":60}";

    [Theory]
    [InlineData("rule: {threshold: {meter: \"cpu\", comparison: GT, threshold: 1, period: \"PT0S\"}}", "\"type\":\"threshold\",\"threshold_rule\":{\"meter_name\":\"cpu\",\"comparison_operator\":\"gt\",\"threshold\":1.0,\"period\":0}", "InvalidRuleError", "field", "period")]
    [InlineData("rule: {threshold: {meter: \"cpu\", comparison: GT, threshold: 1, period: \"PT1M\", evaluationPeriods: 0}}", "\"type\":\"threshold\",\"threshold_rule\":{\"meter_name\":\"cpu\",\"comparison_operator\":\"gt\",\"threshold\":1.0,\"evaluation_periods\":0}", "InvalidRuleError", "field", "evaluation_periods")]
    [InlineData("rule: {threshold: {meter: \"cpu\", comparison: GT, threshold: 1, period: \"PT1M\", conditions: [{field: \"x\", value: \"y\"}]}}", "\"type\":\"threshold\",\"threshold_rule\":{\"meter_name\":\"cpu\",\"comparison_operator\":\"gt\",\"threshold\":1.0,\"query\":[{\"field\":\"x\",\"op\":\"eq\",\"value\":\"y\"}]}", "InvalidRuleError", "field", "rule")]
    [InlineData("rule: {gnocchiMetrics: {metrics: [\"m\"], aggregationMethod: \"bogus\", comparison: LT, threshold: 1}}", "\"type\":\"gnocchi_aggregation_by_metrics_threshold\",\"gnocchi_aggregation_by_metrics_threshold_rule\":{\"metrics\":[\"m\"],\"aggregation_method\":\"bogus\",\"comparison_operator\":\"lt\",\"threshold\":1.0}", "InvalidRuleError", "field", "rule")]
    [InlineData("rule: {combination: {alarms: [\"a\"]}}", "\"type\":\"combination\",\"combination_rule\":{\"alarm_ids\":[\"a\"]}", "InvalidRuleError", "field", "rule")]
    [InlineData("rule: {combination: {alarms: [\"a\", \"b\"]}}", "\"type\":\"combination\",\"combination_rule\":{\"alarm_ids\":[\"a\",\"b\"]}", "AlarmNotFoundError", "id", "a")]
    [InlineData("rule: {" + Threshold + "}, actions: [{on: ALARM, url: \"gopher://x\"}]", RestThreshold + ",\"alarm_actions\":[\"gopher://x\"]", "InvalidActionError", "url", "gopher://x")]
    [InlineData("rule: {" + Threshold + "}, timeConstraints: [{name: \"night\", start: \"nonsense\", duration: \"PT1H\"}]", RestThreshold + ",\"time_constraints\":[{\"name\":\"night\",\"start\":\"nonsense\",\"duration\":3600}]", "InvalidTimeConstraintError", "name", "night")]
    [InlineData("rule: {" + Threshold + "}, timeConstraints: [{name: \"n\", start: \"0 1 * * *\", duration: \"PT1H\", timeZone: \"Mars\"}]", RestThreshold + ",\"time_constraints\":[{\"name\":\"n\",\"start\":\"0 1 * * *\",\"duration\":3600,\"timezone\":\"Mars\"}]", "InvalidTimeConstraintError", "name", "n")]
    [InlineData("rule: {composite: {operator: AND, rules: []}}", "\"type\":\"composite\",\"composite_rule\":{\"and\":[]}", null, null, null)]
    public async Task What_REST_refuses_is_refused_with_the_same_text(string input, string body, string? type, string? member, string? value)
    {
        await using var host = await TelemetryHost.StartAsync();
        var rest = await host.SendAsync("POST", "/v2/alarms", $"{{\"name\":\"a\",{body}}}", Member);

        var made = (await host.AskAsync(
            $"mutation {{ createAlarm(input: {{name: \"a\", {input}}}) {{ alarm {{ id }} errors {{ __typename ... on Error {{ message }} ... on InvalidRuleError {{ field }} ... on InvalidActionError {{ url on }} "
            + "... on InvalidTimeConstraintError { name } ... on AlarmNotFoundError { id } } } }", null, Member))["createAlarm"]!;

        if (type is null)
        {
            Assert.Equal(rest.Status == 201, made["errors"] is null);
            return;
        }
        var error = Assert.Single(made["errors"]!.AsArray())!;
        Assert.Equal(rest.Json.GetProperty("error_message").GetProperty("faultstring").GetString(), error["message"]!.GetValue<string>());
        Assert.Equal(type, error["__typename"]!.GetValue<string>());
        Assert.Equal(value, error[member!]!.GetValue<string>());
        Assert.Null(made["alarm"]);
    }

    [Fact]
    public async Task An_alarm_is_the_one_that_REST_would_have_made()
    {
        await using var host = await TelemetryHost.StartAsync();
        var made = (await host.AskAsync("""
            mutation { createAlarm(input: {name: "hot", severity: CRITICAL, actions: [{on: ALARM, url: "http://a/"}, {on: OK, url: "http://b/"}], repeatActions: true,
              timeConstraints: [{name: "day", start: "0 8 * * *", duration: "PT10H", timeZone: "Europe/Berlin"}],
              rule: {threshold: {meter: "cpu", comparison: GT, threshold: 80, period: "PT5M", evaluationPeriods: 3, statistic: MAX, conditions: [{field: "metadata.az", value: "a"}]}}})
              { alarm { alarmId state stateReason description } errors { __typename } } }
            """, null, Member))["createAlarm"]!;
        Assert.Null(made["errors"]);
        var rest = await host.SendAsync("POST", "/v2/alarms", """
            {"name":"hot","severity":"critical","alarm_actions":["http://a/"],"ok_actions":["http://b/"],"repeat_actions":true,"type":"threshold",
             "time_constraints":[{"name":"day","start":"0 8 * * *","duration":36000,"timezone":"Europe/Berlin"}],
             "threshold_rule":{"meter_name":"cpu","comparison_operator":"gt","threshold":80.0,"period":300,"evaluation_periods":3,"statistic":"max","query":[{"field":"metadata.az","op":"eq","value":"a"}]}}
            """, Member);

        var ours = JsonNode.Parse((await host.SendAsync("GET", $"/v2/alarms/{made["alarm"]!["alarmId"]}", null, Member)).Bytes)!.AsObject();
        var theirs = JsonNode.Parse(rest.Bytes)!.AsObject();
        ours.Remove("alarm_id");
        theirs.Remove("alarm_id");
        Assert.Equal(theirs.ToJsonString(), ours.ToJsonString());
        Assert.Equal("INSUFFICIENT_DATA", made["alarm"]!["state"]!.GetValue<string>());
        Assert.Equal("Not evaluated yet", made["alarm"]!["stateReason"]!.GetValue<string>());
    }

    [Fact]
    public async Task An_update_changes_what_is_given_and_puts_back_what_is_null()
    {
        await using var host = await TelemetryHost.StartAsync();
        var id = await host.CreateAlarmAsync("before", headers: Member);

        var changed = (await host.AskAsync(
            "mutation($id: ID!) { updateAlarm(input: {id: $id, expectedVersion: 1, name: \"after\", severity: CRITICAL, enabled: null}) { alarm { name severity enabled version description rule { ... on ThresholdRule { threshold period } } } errors { __typename } } }",
            new { id }, Member))["updateAlarm"]!;
        var back = (await host.AskAsync(
            "mutation($id: ID!) { updateAlarm(input: {id: $id, severity: null, rule: {threshold: {meter: \"net\", comparison: LT, threshold: 5, period: \"PT1M\"}}}) { alarm { name severity description } } }", new { id }, Member))["updateAlarm"]!;
        var conflict = (await host.AskAsync(
            "mutation($id: ID!) { updateAlarm(input: {id: $id, expectedVersion: 1, name: \"x\"}) { errors { ... on VersionConflictError { expected actual message } } } }", new { id }, Member))["updateAlarm"]!;

        Assert.Equal("""{"name":"after","severity":"CRITICAL","enabled":true,"version":2,"description":"Alarm when cpu is gt a avg of 80.0 over 60 seconds","rule":{"threshold":80,"period":"PT1M"}}""", changed["alarm"]!.ToJsonString());
        Assert.Equal("""{"name":"after","severity":"LOW","description":"Alarm when net is lt a avg of 5.0 over 60 seconds"}""", back["alarm"]!.ToJsonString());
        Assert.Equal($$"""{"expected":1,"actual":3,"message":"Alarm {{id}} is at version 3, not at 1 as expected."}""", conflict["errors"]![0]!.ToJsonString());
    }

    [Fact]
    public async Task History_tells_what_happened_and_the_past_can_be_asked_for()
    {
        await using var host = await TelemetryHost.StartAsync();
        var id = await host.CreateAlarmAsync("a", headers: Member);
        host.Time.Now = TelemetryHost.Now.AddMinutes(1);
        await host.AskAsync("mutation($id: ID!) { setAlarmState(input: {id: $id, state: ALARM, reason: \"drill\"}) { alarm { state } } }", new { id }, Member);
        host.Time.Now = TelemetryHost.Now.AddMinutes(2);
        await host.AskAsync("mutation($id: ID!) { updateAlarm(input: {id: $id, name: \"b\"}) { alarm { name } } }", new { id }, Member);

        var alarm = (await host.AskAsync("""
            query($id: String!) {
              alarm(by: {alarmId: $id}) { state stateReason history { nodes { __typename ... on AlarmStateChanged { from to reason by alarm { name } provenance { revision } } ... on AlarmRedefined { changes { field from to } } } } }
              before: alarm(by: {alarmId: $id}, asOf: "2026-03-31T12:00:30Z") { state name }
              never: alarm(by: {alarmId: $id}, asOf: "2026-03-31T11:00:00Z") { name }
            }
            """, new { id }, Member))!;

        Assert.Equal(
            """[{"__typename":"AlarmRedefined","changes":[{"field":"name","from":"a","to":"b"}]},{"__typename":"AlarmStateChanged","from":"INSUFFICIENT_DATA","to":"ALARM","reason":"drill","by":"u1","alarm":{"name":"b"},"provenance":{"revision":2}},{"__typename":"AlarmCreated"}]""",
            alarm["alarm"]!["history"]!["nodes"]!.ToJsonString());
        Assert.Equal("""{"state":"INSUFFICIENT_DATA","name":"a"}""", alarm["before"]!.ToJsonString());
        Assert.Null(alarm["never"]);
    }

    [Fact]
    public async Task Another_projects_alarm_cannot_be_touched_and_a_quota_holds()
    {
        await using var host = await TelemetryHost.StartAsync(("Telemetry:Alarms:ProjectQuota", "1"));
        var id = await host.CreateAlarmAsync("a", headers: Member);
        (string, string)[] other = [("X-Roles", "member"), ("X-User-Id", "u2"), ("X-Project-Id", "p2")];

        var missing = (await host.AskAsync("mutation($id: ID!) { deleteAlarm(input: {id: $id}) { alarm { id } errors { ... on AlarmNotFoundError { message id } } } }", new { id }, other))["deleteAlarm"]!;
        var full = (await host.AskAsync($"mutation {{ createAlarm(input: {{name: \"b\", rule: {{{Threshold}}}}}) {{ errors {{ ... on QuotaExceededError {{ message limit }} }} }} }}", null, Member))["createAlarm"]!;
        var foreign = await host.PostAsync($"mutation {{ createAlarm(input: {{name: \"b\", projectId: \"p1\", rule: {{{Threshold}}}}}) {{ alarm {{ id }} }} }}", null, other);
        var deleted = (await host.AskAsync("mutation($id: ID!) { deleteAlarm(input: {id: $id, expectedVersion: 1}) { alarm { name } errors { __typename } } }", new { id }, Member))["deleteAlarm"]!;

        Assert.Equal($$"""[{"message":"Alarm {{id}} not found","id":"{{id}}"}]""", missing["errors"]!.ToJsonString());
        Assert.Equal("""[{"message":"Alarm quota exceeded for user u1 on project p1","limit":1}]""", full["errors"]!.ToJsonString());
        Assert.Equal("AUTH_NOT_AUTHORIZED", foreign["errors"]![0]!["extensions"]!["code"]!.GetValue<string>());
        Assert.Equal("Not Authorized to access project p1", foreign["errors"]![0]!["message"]!.GetValue<string>());
        Assert.Equal("a", deleted["alarm"]!["name"]!.GetValue<string>());
        Assert.Null(await host.Services.GetRequiredService<IAlarmReader>().FindAsync(id, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("{meter: \"\", resource: \"r\", volume: 1}", """{"counter_name":"","counter_type":"gauge","counter_unit":null,"counter_volume":1.0,"resource_id":"r","resource_metadata":{}}""")]
    [InlineData("{meter: \"m\", resource: \"r\", volume: 1, projectId: \"p2\"}", """{"counter_name":"m","counter_type":"gauge","counter_unit":null,"counter_volume":1.0,"resource_id":"r","project_id":"p2","resource_metadata":{}}""")]
    public async Task Samples_are_held_to_the_rules_of_REST(string sample, string body)
    {
        await using var host = await TelemetryHost.StartAsync();
        var rest = await host.SendAsync("POST", "/v2/samples", $"[{body}]", Member);

        var made = (await host.AskAsync($"mutation {{ recordSamples(input: {{samples: [{sample}]}}) {{ accepted errors {{ ... on InvalidSampleError {{ message index }} }} }} }}", null, Member))["recordSamples"]!;

        Assert.NotEqual(201, rest.Status);
        Assert.Equal(rest.Json.GetProperty("error_message").GetProperty("faultstring").GetString(), made["errors"]![0]!["message"]!.GetValue<string>());
        Assert.Equal(0, made["errors"]![0]!["index"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_repeated_request_stores_its_samples_once()
    {
        await using var host = await TelemetryHost.StartAsync();
        const string Mutation = "mutation { recordSamples(input: {idempotencyKey: \"k\", samples: [{meter: \"m\", resource: \"r\", volume: 1.5, unit: \"B\", metadata: [{key: \"az\", value: \"a\"}]}]}) { accepted position errors { __typename } } }";

        var (first, second) = (await host.AskAsync(Mutation, null, Member), await host.AskAsync(Mutation, null, Member));
        var samples = await host.AskAsync("{ samples { nodes { volume unit projectId userId metadata { key value } meter { type } } } }", null, Member);

        Assert.Equal(first.ToJsonString(), second.ToJsonString());
        Assert.Equal("""[{"volume":1.5,"unit":"B","projectId":"p1","userId":"u1","metadata":[{"key":"az","value":"a"}],"meter":{"type":"GAUGE"}}]""", samples["samples"]!["nodes"]!.ToJsonString());
    }
}
