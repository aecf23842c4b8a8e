using System.Text.Json;

namespace Telemetry.Api.Tests.V2.Alarms;

public sealed class AlarmEndpointTests : AlarmHostTests
{
    protected override (string Key, string Value)[] Settings => [("Telemetry:Alarms:MaxActions", "2")];

    [Fact]
    public async Task A_created_alarm_is_answered_whole_with_its_address()
    {
        var answer = await PostAsync("'name': 'n', 'alarm_id': 'mine', RULE");

        Assert.Equal(201, (int)answer.Status);
        var alarm = answer.Json;
        var id = alarm.GetProperty("alarm_id").GetString();
        Assert.True(Guid.TryParse(id, out _));
        Assert.Equal($"http://telemetry.example:8777/v2/alarms/{id}", answer.Headers.Location);
        var expected = JsonDocument.Parse($$"""
            {"alarm_id": "{{id}}", "type": "threshold", "enabled": true, "name": "n", "description": "Alarm when cpu is eq a avg of 80.0 over 60 seconds",
             "timestamp": "2026-11-20T09:38:35", "user_id": "u1", "project_id": "p1", "state": "insufficient data", "state_timestamp": "2026-11-20T09:38:35",
             "state_reason": "Not evaluated yet", "ok_actions": [], "alarm_actions": [], "insufficient_data_actions": [], "repeat_actions": false,
             "threshold_rule": {"meter_name": "cpu", "threshold": 80.0, "comparison_operator": "eq", "query": [{"field": "project_id", "op": "eq", "value": "p1"}],
               "period": 60, "evaluation_periods": 1, "statistic": "avg", "exclude_outliers": false},
             "time_constraints": [], "severity": "low", "evaluate_timestamp": "2026-11-20T09:38:35"}
            """).RootElement;
        Assert.True(JsonElement.DeepEquals(expected, alarm), answer.Body);
        Assert.Equal(answer.Body, (await Api.GetAsync($"/v2/alarms/{id}", Member)).Body);
    }

    [Fact]
    public async Task The_seed_alarm_is_accepted_with_texts_for_numbers()
    {
        var answer = await PostAsync("""
            'name': 'cpu-inst-002', 'type': 'threshold',
            'threshold_rule': {'meter_name': 'CPUUtilization', 'statistic': 'avg', 'comparison_operator': 'gt', 'threshold': '50', 'period': '300', 'evaluation_periods': '2',
              'query': [{'field': 'resource_id', 'op': 'eq', 'value': 'inst-002'}, {'field': 'source', 'op': 'eq', 'value': 'OS/compute'}]},
            'alarm_actions': ['http://bla.com/bla'], 'ok_actions': []
            """);

        Assert.Equal(201, (int)answer.Status);
        var rule = answer.Json.GetProperty("threshold_rule");
        Assert.Equal((50.0, 300, 2, 3), (
            rule.GetProperty("threshold").GetDouble(), rule.GetProperty("period").GetInt32(), rule.GetProperty("evaluation_periods").GetInt32(), rule.GetProperty("query").GetArrayLength()));
    }

    [Fact]
    public async Task A_list_of_actions_that_is_null_stays_null()
    {
        var answer = await PostAsync("'name': null, 'ok_actions': null, 'alarm_actions': ['HTTP://X/y', 'HTTP://X/y'], RULE");

        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("ok_actions").ValueKind);
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("name").ValueKind);
        Assert.Equal("""["HTTP://X/y"]""", answer.Json.GetProperty("alarm_actions").GetRawText());
    }

    [Fact]
    public async Task A_replacement_puts_back_to_defaults_what_it_leaves_out()
    {
        var id = await CreateAsync("n", "'state': 'ok', 'severity': 'critical', 'enabled': false, 'description': 'mine', 'ok_actions': ['http://x'], RULE");

        var answer = await PutAsync(id, "'name': 'other', RULE");

        Assert.Equal(200, (int)answer.Status);
        Assert.Equal(
            ("other", "insufficient data", "low", true, 0, "Alarm when cpu is eq a avg of 80.0 over 60 seconds", "Manually set via API", "2026-11-20T09:38:36", "2026-11-20T09:38:36"),
            (Text(answer.Json, "name"), Text(answer.Json, "state"), Text(answer.Json, "severity"), answer.Json.GetProperty("enabled").GetBoolean(),
                answer.Json.GetProperty("ok_actions").GetArrayLength(), Text(answer.Json, "description"), Text(answer.Json, "state_reason"),
                Text(answer.Json, "timestamp"), Text(answer.Json, "state_timestamp")));
    }

    [Fact]
    public async Task What_was_read_can_be_put_back_and_leaves_no_record()
    {
        var id = await CreateAsync("n");
        var read = await Api.GetAsync($"/v2/alarms/{id}", Member);

        var put = await Api.PutAsync($"/v2/alarms/{id}", read.Body, Member);

        Assert.Equal(200, (int)put.Status);
        Assert.Equal("2026-11-20T09:38:36", Text(put.Json, "timestamp"));
        Assert.Equal("2026-11-20T09:38:35", Text(put.Json, "state_timestamp"));
        Assert.Equal(["creation"], (await Api.GetAsync($"/v2/alarms/{id}/history", Member)).All("type"));
    }

    [Fact]
    public async Task A_type_may_change() =>
        Assert.Equal("Alarm when * event occurred.", Text((await PutAsync(await CreateAsync("n"), "'name': 'n', 'type': 'event', 'event_rule': {}")).Json, "description"));

    [Fact]
    public async Task The_state_is_a_bare_text_and_can_be_set()
    {
        var id = await CreateAsync("n");

        Assert.Equal("\"insufficient data\"", (await Api.GetAsync($"/v2/alarms/{id}/state", Member)).Body);
        var set = await Api.PutAsync($"/v2/alarms/{id}/state", "\"ok\"", Member);
        Assert.Equal((200, "\"ok\""), ((int)set.Status, set.Body));
        var alarm = (await Api.GetAsync($"/v2/alarms/{id}", Member)).Json;
        Assert.Equal(("ok", "Manually set via API", "2026-11-20T09:38:36", "2026-11-20T09:38:35"),
            (Text(alarm, "state"), Text(alarm, "state_reason"), Text(alarm, "state_timestamp"), Text(alarm, "timestamp")));
    }

    [Theory]
    [InlineData("\"OK\"")]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("{}")]
    public async Task A_state_that_is_none_is_refused(string body) =>
        (await Api.PutAsync($"/v2/alarms/{await CreateAsync("n")}/state", body, Member)).AssertFault(400, "state invalid");

    [Fact]
    public async Task A_body_has_to_be_there()
    {
        var id = await CreateAsync("n");

        (await Api.SendAsync("POST", "/v2/alarms", null, Member)).AssertFault(400, "Missing argument: \"data\"");
        (await Api.SendAsync("PUT", $"/v2/alarms/{id}", null, Member)).AssertFault(400, "Missing argument: \"data\"");
        (await Api.SendAsync("PUT", $"/v2/alarms/{id}/state", null, Member)).AssertFault(400, "Missing argument: \"state\"");
        (await Api.SendAsync("POST", "/v2/query/alarms", null, Member)).AssertFault(400, "Missing argument: \"body\"");
        (await Api.SendAsync("POST", "/v2/alarms", "x", [("Content-Type", "text/plain"), .. Member])).AssertFault(415, "Unknown mimetype: text/plain");
        Assert.Equal(400, (int)(await Api.PostAsync("/v2/alarms", "{", Member)).Status);
        Assert.Equal(400, (int)(await Api.PostAsync("/v2/alarms", "[]", Member)).Status);
    }

    [Fact]
    public async Task A_deleted_alarm_is_gone_but_admins_can_read_what_happened()
    {
        var id = await CreateAsync("n");

        var deleted = await Api.DeleteAsync($"/v2/alarms/{id}", Member);

        Assert.Equal((204, ""), ((int)deleted.Status, deleted.Body));
        (await Api.GetAsync($"/v2/alarms/{id}", Member)).AssertFault(404, $"Alarm {id} not found");
        (await Api.DeleteAsync($"/v2/alarms/{id}", Member)).AssertFault(404, $"Alarm {id} not found");
        (await Api.GetAsync($"/v2/alarms/{id}/history", Admin)).AssertFault(404, $"Alarm {id} not found");
        Assert.Equal(["deletion", "creation"], (await Api.GetAsync($"/v2/alarms/{id}/history?include_deleted=true", Admin)).All("type"));
        (await Api.GetAsync($"/v2/alarms/{id}/history?include_deleted=true", Member)).AssertFault(403, "RBAC Authorization Failed");
        Assert.Equal("[]", (await Api.PostAsync("/v2/query/alarms/history", "{}", Admin)).Body);
    }

    [Fact]
    public async Task An_alarm_of_another_project_is_not_found()
    {
        var id = await CreateAsync("n");
        var message = $"Alarm {id} not found";

        (await Api.GetAsync($"/v2/alarms/{id}", Other)).AssertFault(404, message);
        (await PutAsync(id, "'name': 'n', RULE", Other)).AssertFault(404, message);
        (await Api.DeleteAsync($"/v2/alarms/{id}", Other)).AssertFault(404, message);
        (await Api.GetAsync($"/v2/alarms/{id}/state", Other)).AssertFault(404, message);
        (await Api.PutAsync($"/v2/alarms/{id}/state", "\"ok\"", Other)).AssertFault(404, message);
        (await Api.GetAsync($"/v2/alarms/{id}/history", Other)).AssertFault(404, message);
        Assert.Equal(200, (int)(await Api.GetAsync($"/v2/alarms/{id}", Admin)).Status);
        (await Api.GetAsync("/v2/alarms/nope", Member)).AssertFault(404, "Alarm nope not found");
    }

    [Theory]
    [InlineData("'user_id': 'u2', 'project_id': 'p2'", "Not Authorized to access user u2")] // the user is checked first
    [InlineData("'project_id': 'p2'", "Not Authorized to access project p2")]
    public async Task A_member_owns_what_it_creates(string owner, string message) => (await PostAsync($"'name': 'n', {owner}, RULE")).AssertFault(401, message);

    [Fact]
    public async Task An_admin_creates_for_others_and_keeps_them_as_owners()
    {
        var answer = await PostAsync("'name': 'n', 'user_id': 'u1', 'project_id': 'p1', RULE", Admin);
        var id = Text(answer.Json, "alarm_id");

        Assert.Equal("p1", Text(answer.Json.GetProperty("threshold_rule").GetProperty("query")[0], "value"));
        Assert.Equal(200, (int)(await Api.GetAsync($"/v2/alarms/{id}", Member)).Status);
        var put = (await PutAsync(id, "'name': 'n', RULE", Admin)).Json;
        Assert.Equal(("u1", "p1"), (Text(put, "user_id"), Text(put, "project_id")));
        var own = (await PostAsync("'name': 'n', RULE", Admin)).Json;
        Assert.Equal(0, own.GetProperty("threshold_rule").GetProperty("query").GetArrayLength());
    }

    [Fact]
    public async Task Without_an_identity_alarms_are_created_but_not_listed()
    {
        var answer = await PostAsync("'name': 'n', RULE", []);

        Assert.Equal(201, (int)answer.Status);
        Assert.Equal(JsonValueKind.Null, answer.Json.GetProperty("project_id").ValueKind);
        (await Api.GetAsync("/v2/alarms")).AssertFault(403, "RBAC Authorization Failed");
    }

    [Fact]
    public async Task A_combination_names_alarms_that_its_owner_has()
    {
        var (mine, others) = (await CreateAsync("mine"), await CreateAsync("others", caller: Other));
        string Body(string a, string b) => $"'name': 'n', 'type': 'combination', 'combination_rule': {{'alarm_ids': ['{a}', '{b}']}}";

        (await PostAsync(Body(mine, others))).AssertFault(404, $"Alarm {others} not found in project p1");
        (await PostAsync(Body(mine, "nope"), Admin)).AssertFault(404, "Alarm nope not found");
        var both = await PostAsync(Body(mine, others), Admin);
        Assert.Equal($"Combined state of alarms {mine} and {others}", Text(both.Json, "description"));
        var id = Text(both.Json, "alarm_id");
        (await PutAsync(id, Body(mine, id), Admin)).AssertFault(400, $"Cannot specify alarm {id} itself in combination rule");
    }

    [Theory]
    [InlineData("'type': 'event', 'ok_actions': 5", 400, "Invalid input for field/attribute ok_actions. Value: '5'. Value not a valid list: 5")] // types, then whether the rule is there
    [InlineData("'type': 'event', 'ok_actions': ['spam://x']", 400, "event_rule must be set for event type alarm")] // the rule, then actions
    [InlineData("'type': 'event', 'event_rule': null, 'composite_rule': {'or': []}", 400, "event_rule must be set for event type alarm")]
    [InlineData("'type': 'event', 'event_rule': {}, 'composite_rule': {'or': []}, 'ok_actions': ['spam://x']", 400, "event_rule and composite_rule cannot be set at the same time")]
    [InlineData("'type': 'combination', 'combination_rule': {'alarm_ids': ['a']}, 'ok_actions': ['spam://x']", 400, "Unsupported action spam://x")] // actions, then what the rule means
    [InlineData("'type': 'combination', 'combination_rule': {'alarm_ids': ['a']}, TWICE", 400, "Alarm combination rule should contain at least two different alarm ids.")]
    [InlineData("'ok_actions': ['spam://x'], TWICE, RULE", 400, "Unsupported action spam://x")]
    [InlineData("TWICE, 'project_id': 'p2', RULE", 400, "Time constraint names must be unique for a given alarm.")] // then who may
    [InlineData("'alarm_actions': ['log://'], RULE", 401, "You are not authorized to create action: log://")]
    [InlineData("'foo': 1, 'state': 'x', RULE", 400, "Unknown attribute for argument data: foo")]
    public async Task Checks_come_in_their_order(string body, int status, string message)
    {
        const string twice = "'time_constraints': [{'name': 'a', 'start': '* * * * *', 'duration': 1}, {'name': 'a', 'start': '* * * * *', 'duration': 1}]";

        (await PostAsync($"'name': 'n', {body.Replace("TWICE", twice, StringComparison.Ordinal)}")).AssertFault(status, message);
    }

    [Theory]
    [InlineData("'ok_actions': ['spam://x']", 400, "Unsupported action spam://x")]
    [InlineData("'alarm_actions': ['rpc/topic']", 400, "Unsupported action rpc/topic")]
    [InlineData("'insufficient_data_actions': ['http://[::1']", 400, "Unable to parse action http://[::1")]
    [InlineData("'insufficient_data_actions': ['test://']", 401, "You are not authorized to create action: test://")]
    [InlineData("'alarm_actions': ['trust+http://user@h/x']", 400, "trust URL cannot contain a trust ID.")]
    [InlineData("'ok_actions': ['http://a', 'http://b', 'http://c']", 400, "ok_actions count exceeds maximum value 2")]
    [InlineData("'alarm_actions': ['http://a', 'http://b', 'http://c']", 400, "alarm_actions count exceeds maximum value 2")]
    [InlineData("'insufficient_data_actions': ['http://a', 'http://b', 'http://c']", 400, "insufficient_data_actions count exceeds maximum value 2")]
    [InlineData("'ok_actions': ['http://a', 'http://a', 'http://b'], 'alarm_actions': ['HTTPS://a', 'trust+zaqar://?queue_name=q']", 201, "")] // a repeated one counts once
    public async Task Every_list_of_actions_is_checked_in_a_creation_and_in_a_replacement(string actions, int status, string message)
    {
        var id = await CreateAsync("n");
        var (created, replaced) = (await PostAsync($"'name': 'n', {actions}, RULE"), await PutAsync(id, $"'name': 'n', {actions}, RULE"));

        if (status == 201)
        {
            Assert.Equal((201, 200), ((int)created.Status, (int)replaced.Status));
            Assert.Equal("""["http://a","http://b"]""", replaced.Json.GetProperty("ok_actions").GetRawText());
            return;
        }
        created.AssertFault(status, message);
        replaced.AssertFault(status, message);
    }

    [Fact]
    public async Task A_replacement_by_a_member_is_its_own_whatever_it_says_and_an_admin_may_give_an_alarm_away()
    {
        var id = await CreateAsync("n");
        (string, string)[] colleague = [("X-User-Id", "u9"), ("X-Project-Id", "p1"), ("X-Roles", "member")];

        var put = (await PutAsync(id, "'name': 'n', 'user_id': 'u2', 'project_id': 'p2', RULE", colleague)).Json; // ownership is by project
        Assert.Equal(("u9", "p1"), (Text(put, "user_id"), Text(put, "project_id")));
        var given = (await PutAsync(id, "'name': 'n', 'user_id': 'u2', 'project_id': 'p2', RULE", Admin)).Json;
        Assert.Equal(("u2", "p2"), (Text(given, "user_id"), Text(given, "project_id")));
        Assert.Equal(204, (int)(await Api.DeleteAsync($"/v2/alarms/{id}", Other)).Status);
    }

    [Fact]
    public async Task What_cannot_be_written_is_the_servers_own()
    {
        Time.Now += TimeSpan.FromMicroseconds(593512);
        var alarm = (await PostAsync(
            "'name': 'n', 'state_reason': 'mine', 'timestamp': '2020-01-01T00:00:00', 'state_timestamp': '2020-01-01T00:00:00.5', 'evaluate_timestamp': null, RULE")).Json;

        Assert.Equal(
            ("Not evaluated yet", "2026-11-20T09:38:35.593512", "2026-11-20T09:38:35.593512"), (Text(alarm, "state_reason"), Text(alarm, "timestamp"), Text(alarm, "state_timestamp")));
    }

    [Fact]
    public async Task A_composite_is_kept_with_the_defaults_of_its_rules_and_without_a_condition_on_the_project()
    {
        var alarm = (await PostAsync("'name': 'n', 'type': 'composite', 'composite_rule': {'or': [{'type': 'threshold', 'meter_name': 'm', 'threshold': 1}, {'and': []}]}")).Json;

        Assert.True(JsonElement.DeepEquals(
            JsonElement.Parse("""
                {"or": [{"type": "threshold", "meter_name": "m", "threshold": 1.0, "comparison_operator": "eq", "query": [], "period": 60, "evaluation_periods": 1, "statistic": "avg",
                  "exclude_outliers": false}, {"and": []}]}
                """),
            alarm.GetProperty("composite_rule")), alarm.ToString());
    }

    [Fact]
    public async Task Bodies_are_JSON_with_or_without_a_charset_and_answers_too()
    {
        var answer = await Api.SendAsync("POST", "/v2/alarms", """{"name": "n", "type": "event", "event_rule": {}}""", [("Content-Type", "application/json; charset=UTF-8"), .. Member]);

        Assert.Equal((201, "application/json"), ((int)answer.Status, answer.Headers.ContentType.ToString()));
        Assert.StartsWith("req-", answer.Headers["x-openstack-request-id"].ToString(), StringComparison.Ordinal);
        Assert.Equal(406, (int)(await Api.GetAsync("/v2/alarms", [("Accept", "text/plain"), .. Member])).Status);
    }

    [Theory]
    [InlineData(31, 201, "")]
    [InlineData(32, 400, "Request is nested deeper than 64 levels")]
    [InlineData(1_000, 400, "Request is nested deeper than 64 levels")]
    [InlineData(100_000, 400, "Request is nested deeper than 64 levels")]
    public async Task A_composite_is_nested_so_far_and_no_farther(int levels, int status, string message)
    {
        var rule = string.Concat(Enumerable.Repeat("{'or': [", levels)) + string.Concat(Enumerable.Repeat("]}", levels));
        var answer = await PostAsync($"'name': 'n', 'type': 'composite', 'composite_rule': {rule}");

        if (status == 201)
            Assert.Equal(201, (int)answer.Status);
        else
            answer.AssertFault(status, message);
    }

    [Theory]
    [InlineData("event", "{'field': 'traits.a', 'value': 'x'}")]
    [InlineData("threshold", "{'field': 'metadata.a', 'value': 'x'}")]
    public async Task A_rule_has_a_thousand_conditions_and_no_more(string type, string condition)
    {
        string Body(int conditions) =>
            $"'name': 'n', 'type': '{type}', '{type}_rule': {{{(type == "threshold" ? "'meter_name': 'm', 'threshold': 1, " : "")}'query': [{string.Join(',', Enumerable.Repeat(condition, conditions))}]}}";

        Assert.Equal(201, (int)(await PostAsync(Body(1_000))).Status);
        (await PostAsync(Body(1_001))).AssertFault(400, "Invalid input for field/attribute query. Value: 'a list of 1001'. A list holds at most 1000 items.");
        Assert.Equal(413, (int)(await PostAsync(Body(30_000))).Status);
    }

    [Fact]
    public async Task Combinations_in_a_circle_are_accepted_as_the_contract_does()
    {
        var (seed, other) = (await CreateAsync("seed"), await CreateAsync("other"));
        string Body(string a, string b) => $"'name': 'n', 'type': 'combination', 'combination_rule': {{'alarm_ids': ['{a}', '{b}']}}";
        var first = Text((await PostAsync(Body(seed, other))).Json, "alarm_id");
        var second = Text((await PostAsync(Body(first, other))).Json, "alarm_id");

        Assert.Equal(200, (int)(await PutAsync(first, Body(second, other))).Status); // what they come to: AlarmInputsTests
    }

    [Theory]
    [InlineData("PUT", "/v2/alarms", "GET, POST")]
    [InlineData("DELETE", "/v2/alarms", "GET, POST")]
    [InlineData("PATCH", "/v2/alarms/x", "DELETE, GET, PUT")]
    [InlineData("POST", "/v2/alarms/x", "DELETE, GET, PUT")]
    [InlineData("GET", "/v2/query/alarms", "POST")]
    [InlineData("GET", "/v2/query/alarms/history", "POST")]
    public async Task Other_methods_are_not_allowed(string method, string path, string allowed)
    {
        var answer = await Api.SendAsync(method, path, null, Member);

        answer.AssertPlain(405);
        Assert.Equal(allowed.Split(", ").Order(), answer.Headers.Allow.ToString().Split(", ").Order());
    }

    [Fact]
    public async Task A_trailing_slash_is_tolerated()
    {
        var id = await CreateAsync("n");

        Assert.Equal(200, (int)(await Api.GetAsync("/v2/alarms/", Member)).Status);
        Assert.Equal(200, (int)(await Api.GetAsync($"/v2/alarms/{id}/", Member)).Status);
    }

    [Fact]
    public async Task Unknown_arguments_are_refused() => (await Api.GetAsync("/v2/alarms?foo=1", Member)).AssertFault(400, "Unknown argument: \"foo\"");

    [Fact]
    public async Task The_capabilities_name_alarms()
    {
        var capabilities = (await Api.GetAsync("/v2/capabilities")).Json;

        foreach (var name in (string[])["alarms:history:query:complex", "alarms:history:query:simple", "alarms:query:complex", "alarms:query:simple"])
            Assert.True(capabilities.GetProperty("api").GetProperty(name).GetBoolean());
        Assert.True(capabilities.GetProperty("alarm_storage").GetProperty("storage:production_ready").GetBoolean());
    }

    [Fact]
    public async Task Alarms_may_have_the_same_name()
    {
        await CreateAsync("n");
        await CreateAsync("n");

        Assert.Equal(["n", "n"], (await Api.GetAsync("/v2/alarms", Member)).All("name"));
    }

    [Fact]
    public async Task The_metrics_are_disabled_unless_enabled() => (await Api.GetAsync("/v2/metrics", Member)).AssertFault(403, "metrics endpoint is disabled");

    private static string Text(JsonElement o, string name) => o.GetProperty(name).GetString()!;
}
