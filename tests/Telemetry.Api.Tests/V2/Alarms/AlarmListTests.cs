namespace Telemetry.Api.Tests.V2.Alarms;

public sealed class AlarmListTests : AlarmHostTests
{
    private const string SortError =
        "the sort parameter should be a pair of sort key and sort dir combined with ':', or only sort key specified and sort dir will be default 'asc', "
        + "the supported sort keys are: ('alarm_id', 'enabled', 'name', 'type', 'severity', 'timestamp', 'user_id', 'project_id', 'state', 'repeat_actions', 'state_timestamp')";

    [Theory]
    [InlineData("", "c b a")] // newest first
    [InlineData("q.field=name&q.op=eq&q.value=a", "a")]
    [InlineData("q.field=name&q.op=&q.type=&q.value=a", "a")]
    [InlineData("q.field=state&q.value=ok", "b")]
    [InlineData("q.field=severity&q.value=critical", "a")]
    [InlineData("q.field=type&q.value=event", "c")]
    [InlineData("q.field=enabled&q.value=False", "b")]
    [InlineData("q.field=enabled&q.value=true", "c a")]
    [InlineData("q.field=repeat_actions&q.value=TRUE", "c")]
    [InlineData("q.field=user_id&q.value=u1", "c b a")]
    [InlineData("q.field=user&q.value=nobody", "")]
    [InlineData("q.field=project_id&q.value=p1", "c b a")]
    [InlineData("q.field=project&q.value=p1", "c b a")]
    [InlineData("q.field=alarm_id&q.value=nope", "")]
    [InlineData("q.field=meter&q.value=cpu", "b a")]
    [InlineData("q.field=timestamp&q.value=2026-11-20T09:38:35", "a")]
    [InlineData("q.field=name&q.value=a&q.field=state&q.value=ok", "")]
    [InlineData("sort=name", "a b c")]
    [InlineData("sort=name:desc", "c b a")]
    [InlineData("sort=name%3Adesc", "c b a")]
    [InlineData("sort=severity", "b c a")]
    [InlineData("sort=severity:desc&sort=name", "a c b")]
    [InlineData("sort=enabled:desc&sort=name:asc", "a c b")]
    [InlineData("limit=2", "c b")]
    [InlineData("limit=0", "c b a")]
    [InlineData("sort=name&limit=1", "a")]
    public async Task Alarms_are_filtered_sorted_and_cut(string query, string names)
    {
        await CreateAsync("a", "'severity': 'critical', RULE");
        await CreateAsync("b", "'state': 'ok', 'enabled': false, RULE");
        await CreateAsync("c", "'severity': 'moderate', 'repeat_actions': true, 'type': 'event', 'event_rule': {}");
        await CreateAsync("x", caller: Other);

        Assert.Equal(names, string.Join(' ', (await Api.GetAsync($"/v2/alarms?{query}", Member)).All("name")));
    }

    [Fact]
    public async Task Pages_follow_each_other_by_marker()
    {
        foreach (var name in (string[])["a", "b", "c", "d", "e"])
            await CreateAsync(name);

        var first = await Api.GetAsync("/v2/alarms?sort=name&limit=2", Member);
        var second = await Api.GetAsync($"/v2/alarms?sort=name&limit=2&marker={first.All("alarm_id")[1]}", Member);
        var third = await Api.GetAsync($"/v2/alarms?sort=name&limit=2&marker={second.All("alarm_id")[1]}", Member);

        Assert.Equal(["a", "b"], first.All("name"));
        Assert.Equal(["c", "d"], second.All("name"));
        Assert.Equal(["e"], third.All("name"));
    }

    [Fact]
    public async Task Every_sort_key_sorts()
    {
        await CreateAsync("a", "'state': 'ok', 'severity': 'critical', RULE");
        await CreateAsync("b", "'enabled': false, 'repeat_actions': true, 'type': 'event', 'event_rule': {}");

        foreach (var (key, names) in new (string, string)[]
            {
                ("alarm_id", ""), ("enabled", "b a"), ("name", "a b"), ("type", "b a"), ("severity", "b a"), ("timestamp", "a b"), ("user_id", ""), ("project_id", ""),
                ("state", "b a"), ("repeat_actions", "a b"), ("state_timestamp", "a b"),
            })
        {
            var (up, down) = (await Api.GetAsync($"/v2/alarms?sort={key}", Member), await Api.GetAsync($"/v2/alarms?sort={key}:desc", Member));
            if (names.Length > 0)
                Assert.Equal((names, string.Join(' ', names.Split(' ').Reverse())), (string.Join(' ', up.All("name")), string.Join(' ', down.All("name"))));
            else
                Assert.Equal(up.All(key).Order(StringComparer.Ordinal), up.All(key));
        }
    }

    [Fact]
    public async Task A_marker_is_one_of_what_is_listed()
    {
        var a = await CreateAsync("a");
        await CreateAsync("b");
        var x = await CreateAsync("x", caller: Other);

        (await Api.GetAsync($"/v2/alarms?q.field=name&q.value=b&marker={a}", Member)).AssertFault(400, $"Marker {a} not found.");
        (await Api.GetAsync($"/v2/alarms?marker={x}", Member)).AssertFault(400, $"Marker {x} not found.");
        Assert.Equal(["a"], (await Api.GetAsync($"/v2/alarms?q.field=alarm_id&q.value={a}", Member)).All("name"));
    }

    [Theory]
    [InlineData("q.field=bogus&q.value=x", 400, "Unknown argument: \"bogus\": unrecognized field in query: [<Query 'bogus' eq 'x' Unset>], valid keys: ['alarm_id', 'all_projects', 'enabled', 'meter', 'name', 'project', 'project_id', 'repeat_actions', 'severity', 'state', 'timestamp', 'type', 'user', 'user_id']")]
    [InlineData("q.field=name&q.op=ne&q.value=x", 400, "Invalid input for field/attribute op. Value: 'ne'. unimplemented operator for name")]
    [InlineData("q.field=timestamp&q.op=gt&q.value=2026-01-01", 400, "Invalid input for field/attribute op. Value: 'gt'. unimplemented operator for timestamp")]
    [InlineData("q.field=all_projects&q.value=zz", 400, "Unable to convert the value zz to the expected data type boolean.")]
    [InlineData("q.field=timestamp&q.value=zz", 400, "Invalid input for field/attribute timestamp. Value: 'zz'. invalid timestamp format")]
    [InlineData("q.field=enabled&q.value=zz", 400, "Unable to convert the value zz to the expected data type boolean.")]
    [InlineData("q.field=project_id&q.value=p2", 401, "Not Authorized to access project p2")]
    [InlineData("q.field=project_id&q.value=p1&q.field=project_id&q.value=p2", 400, "Invalid input for field/attribute field. Value: 'project_id'. duplicate query fields are not allowed")]
    [InlineData("q.field=project_id&q.value=p1&q.field=project&q.value=p2", 400, "Invalid input for field/attribute field. Value: 'project'. duplicate query fields are not allowed")]
    [InlineData("sort=bogus", 400, "Invalid input for field/attribute sort. Value: 'bogus'. " + SortError)]
    [InlineData("sort=name:asc:desc", 400, "Invalid input for field/attribute sort. Value: 'name:asc:desc'. " + SortError)]
    [InlineData("sort=name:up", 400, "Invalid input for field/attribute sort. Value: 'name:up'. the sort dir should be 'asc' or 'desc'.")]
    [InlineData("limit=-2", 400, "Invalid input for field/attribute limit. Value: '-2'. it should be a positive integer.")]
    [InlineData("marker=nope", 400, "Marker nope not found.")]
    public async Task What_cannot_be_listed_is_refused(string query, int status, string message) => (await Api.GetAsync($"/v2/alarms?{query}", Member)).AssertFault(status, message);

    [Theory]
    [InlineData("q.field=all_projects&q.value=true", "x own a")]
    [InlineData("", "own")]
    [InlineData("q.field=all_projects&q.value=false", "own")]
    [InlineData("q.field=project_id&q.value=p2", "x")]
    [InlineData("q.field=all_projects&q.value=true&q.field=project_id&q.value=p1", "a")]
    public async Task Admins_see_their_own_project_unless_they_ask(string query, string names)
    {
        await CreateAsync("a");
        await CreateAsync("own", caller: Admin);
        await CreateAsync("x", caller: Other);

        Assert.Equal(names, string.Join(' ', (await Api.GetAsync($"/v2/alarms?{query}", Admin)).All("name")));
    }

    [Fact]
    public async Task All_projects_are_for_admins()
    {
        var answer = await Api.GetAsync("/v2/alarms?q.field=all_projects&q.value=true", Member);

        answer.AssertFault(403, "RBAC Authorization Failed");
        Assert.Equal("[]", (await Api.GetAsync("/v2/alarms?q.field=all_projects&q.value=false", Member)).Body);
    }
}
