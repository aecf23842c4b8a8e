using System.Text.Json;

namespace Telemetry.Api.Tests.V2.Alarms;

public sealed class AlarmHistoryTests : AlarmHostTests
{
    [Fact]
    public async Task History_tells_what_happened_newest_first()
    {
        var id = await LifeAsync();

        var history = await Api.GetAsync($"/v2/alarms/{id}/history", Member);

        Assert.Equal(["state transition", "rule change", "creation"], history.All("type"));
        Assert.Equal("""{"state": "ok", "state_reason": "Manually set via API"}""", history.All("detail")[0]);
        Assert.Equal("""{"severity": "critical"}""", history.All("detail")[1]);
        var record = history.Json[1];
        Assert.Equal(
            ["alarm_id", "detail", "event_id", "on_behalf_of", "project_id", "timestamp", "type", "user_id"], record.EnumerateObject().Select(p => p.Name).Order());
        Assert.Equal((id, "u1", "p1", "p1", "2026-11-20T09:38:36"), (
            record.GetProperty("alarm_id").GetString(), record.GetProperty("user_id").GetString(), record.GetProperty("project_id").GetString(),
            record.GetProperty("on_behalf_of").GetString(), record.GetProperty("timestamp").GetString()));
        var creation = JsonDocument.Parse(history.All("detail")[2]).RootElement;
        Assert.Equal("cpu", creation.GetProperty("rule").GetProperty("meter_name").GetString());
        Assert.False(creation.TryGetProperty("threshold_rule", out _));
    }

    [Theory]
    [InlineData("q.field=type&q.value=creation", "creation")]
    [InlineData("q.field=type&q.value=state transition", "state transition")]
    [InlineData("q.field=user&q.value=u1", "state transition,rule change,creation")]
    [InlineData("q.field=user_id&q.value=u2", "")]
    [InlineData("q.field=project_id&q.value=p1", "state transition,rule change,creation")]
    [InlineData("q.field=project&q.value=p1", "state transition,rule change,creation")]
    [InlineData("q.field=severity&q.value=critical", "rule change")]
    [InlineData("q.field=severity&q.value=low", "creation")] // a state set by hand has none
    [InlineData("q.field=timestamp&q.op=lt&q.value=2026-11-20T09:38:36", "creation")]
    [InlineData("q.field=timestamp&q.op=le&q.value=2026-11-20T09:38:36", "rule change,creation")]
    [InlineData("q.field=timestamp&q.op=gt&q.value=2026-11-20T09:38:36", "state transition")]
    [InlineData("q.field=timestamp&q.op=ge&q.value=2026-11-20T09:38:36", "state transition,rule change")]
    [InlineData("q.field=timestamp&q.op=ge&q.value=2026-11-20T09:39:36&q.field=search_offset&q.op=eq&q.value=1", "state transition,rule change")]
    [InlineData("sort=timestamp", "creation,rule change,state transition")]
    [InlineData("sort=severity:desc&limit=1", "rule change")]
    [InlineData("sort=type", "creation,rule change,state transition")]
    [InlineData("sort=alarm_id:desc&sort=on_behalf_of&sort=project_id&sort=user_id:asc&sort=timestamp:asc&limit=1", "creation")]
    [InlineData("limit=2", "state transition,rule change")]
    public async Task History_is_filtered_sorted_and_cut(string query, string types)
    {
        var id = await LifeAsync();

        Assert.Equal(types, string.Join(',', (await Api.GetAsync($"/v2/alarms/{id}/history?{query.Replace(" ", "%20", StringComparison.Ordinal)}", Member)).All("type")));
    }

    [Theory]
    [InlineData("q.field=alarm_id&q.op=eq&q.value=a", 400, "Unknown argument: \"alarm_id\": unrecognized field in query: [<Query 'alarm_id' eq 'a' Unset>], valid keys: ['project', 'search_offset', 'severity', 'timestamp', 'type', 'user']")]
    [InlineData("q.field=on_behalf_of&q.value=a", 400, "Unknown argument: \"on_behalf_of\": unrecognized field in query: [<Query 'on_behalf_of' eq 'a' Unset>], valid keys: ['project', 'search_offset', 'severity', 'timestamp', 'type', 'user']")]
    [InlineData("q.field=type&q.op=ne&q.value=creation", 400, "Invalid input for field/attribute op. Value: 'ne'. unimplemented operator for type")]
    [InlineData("q.field=timestamp&q.op=ge&q.value=garbage", 400, "Invalid input for field/attribute timestamp. Value: 'garbage'. invalid timestamp format")]
    [InlineData("q.field=search_offset&q.op=eq&q.value=1", 400, "Invalid input for field/attribute field. Value: 'search_offset'. search_offset cannot be used without timestamp")]
    [InlineData("q.field=project&q.value=p2", 401, "Not Authorized to access project p2")]
    [InlineData("marker=nope", 400, "Marker nope not found.")]
    [InlineData("sort=detail", 400, "Invalid input for field/attribute sort. Value: 'detail'. the sort parameter should be a pair of sort key and sort dir combined with ':', or only sort key specified and sort dir will be default 'asc', the supported sort keys are: ('event_id', 'alarm_id', 'on_behalf_of', 'project_id', 'user_id', 'type', 'timestamp', 'severity')")]
    public async Task What_cannot_be_asked_is_refused(string query, int status, string message) =>
        (await Api.GetAsync($"/v2/alarms/{await LifeAsync()}/history?{query}", Member)).AssertFault(status, message);

    [Fact]
    public async Task History_sorts_by_event_id()
    {
        var ids = (await Api.GetAsync($"/v2/alarms/{await LifeAsync()}/history?sort=event_id", Member)).All("event_id");

        Assert.Equal(ids.Order(StringComparer.Ordinal), ids);
    }

    [Theory]
    [InlineData("event_id", "no", 0)]
    [InlineData("alarm_id", "no", 0)]
    [InlineData("type", "creation", 1)]
    [InlineData("severity", "low", 1)]
    [InlineData("detail", "no", 0)]
    [InlineData("user_id", "u1", 3)]
    [InlineData("user", "u1", 3)]
    [InlineData("project_id", "p1", 3)]
    [InlineData("project", "p1", 3)]
    [InlineData("on_behalf_of", "p1", 3)]
    [InlineData("timestamp", "2026-11-20T09:38:35", 1)]
    public async Task Complex_queries_take_every_field_of_history(string field, string value, int found)
    {
        await LifeAsync();

        var body = $"{{'filter': '{{\\'=\\': {{\\'{field}\\': \\'{value}\\'}}}}', 'orderby': '[{{\\'{field}\\': \\'desc\\'}}]'}}";
        var answer = await Api.PostAsync("/v2/query/alarms/history", body.Replace('\'', '"'), Member);

        Assert.Equal(found, answer.All("type").Length);
    }

    [Fact]
    public async Task Another_projects_history_cannot_be_queried() => (await Api.PostAsync(
        "/v2/query/alarms/history", """{"filter": "{\"not\": {\"=\": {\"on_behalf_of\": \"p2\"}}}"}""", Member)).AssertFault(401, "Not Authorized to access project p2");

    [Fact]
    public async Task A_deletion_tells_the_whole_alarm_to_admins()
    {
        var id = await LifeAsync();
        await Api.DeleteAsync($"/v2/alarms/{id}", Member);

        var record = (await Api.GetAsync($"/v2/alarms/{id}/history?include_deleted=true", Admin)).Json[0];

        Assert.Equal(("deletion", "p1"), (record.GetProperty("type").GetString(), record.GetProperty("on_behalf_of").GetString()));
        Assert.Equal("critical", JsonElement.Parse(record.GetProperty("detail").GetString()!).GetProperty("severity").GetString());
    }

    [Fact]
    public async Task Pages_follow_each_other_by_event_id()
    {
        var id = await LifeAsync();
        var first = await Api.GetAsync($"/v2/alarms/{id}/history?limit=1", Member);

        Assert.Equal(["rule change", "creation"], (await Api.GetAsync($"/v2/alarms/{id}/history?marker={first.All("event_id")[0]}", Member)).All("type"));
    }

    [Fact]
    public async Task A_member_sees_what_was_done_on_behalf_of_its_project()
    {
        var created = await PostAsync("'name': 'n', 'project_id': 'p1', RULE", Admin); // on behalf of the admin's project
        var id = created.Json.GetProperty("alarm_id").GetString()!;
        Time.Now += TimeSpan.FromSeconds(1);
        await PutAsync(id, "'name': 'renamed', RULE", Admin);

        Assert.Equal(["rule change"], (await Api.GetAsync($"/v2/alarms/{id}/history", Member)).All("type"));
        Assert.Equal(["root"], (await Api.GetAsync($"/v2/alarms/{id}/history", Member)).All("user_id"));
        Assert.Equal(["rule change", "creation"], (await Api.GetAsync($"/v2/alarms/{id}/history", Admin)).All("type"));
    }

    [Theory]
    [InlineData("{}", "state transition,rule change,creation")]
    [InlineData("{'filter': '{\\'=\\': {\\'type\\': \\'creation\\'}}'}", "creation")]
    [InlineData("{'filter': '{\\'and\\': [{\\'=\\': {\\'on_behalf_of\\': \\'p1\\'}}, {\\'not\\': {\\'=\\': {\\'type\\': \\'creation\\'}}}]}', 'orderby': '[{\\'timestamp\\': \\'ASC\\'}]'}", "rule change,state transition")]
    [InlineData("{'filter': '{\\'=~\\': {\\'detail\\': \\'critical\\'}}'}", "rule change")]
    [InlineData("{'limit': '1'}", "state transition")]
    public async Task History_answers_complex_queries(string body, string types)
    {
        await LifeAsync();
        await CreateAsync("x", caller: Other);

        var answer = await Api.PostAsync("/v2/query/alarms/history", body.Replace('\'', '"'), Member);

        Assert.Equal(types, string.Join(',', answer.All("type")));
    }

    private async Task<string> LifeAsync()
    {
        var id = await CreateAsync("n");
        await PutAsync(id, "'name': 'n', 'severity': 'critical', RULE");
        Time.Now += TimeSpan.FromSeconds(1);
        await Api.PutAsync($"/v2/alarms/{id}/state", "\"ok\"", Member);
        return id;
    }
}
