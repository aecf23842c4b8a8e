using System.Text.Json;

namespace Telemetry.Api.Tests.V2.Alarms;

public sealed class AlarmQueryTests : AlarmHostTests
{
    [Theory]
    [InlineData(null, null, "c b a")]
    [InlineData("{'=': {'name': 'a'}}", null, "a")]
    [InlineData("{'!=': {'name': 'a'}}", null, "c b")]
    [InlineData("{'AND': [{'=': {'enabled': true}}, {'=': {'type': 'threshold'}}]}", null, "a")]
    [InlineData("{'or': [{'=': {'state': 'ok'}}, {'=': {'severity': 'critical'}}]}", "[{'name': 'asc'}]", "a b")]
    [InlineData("{'not': {'in': {'name': ['a', 'c']}}}", null, "b")]
    [InlineData("{'=~': {'name': '^[ab]$'}}", "[{'name': 'DESC'}]", "b a")]
    [InlineData("{'=~': {'rule': 'meter_name'}}", null, "b a")]
    [InlineData("{'>=': {'timestamp': '2026-11-20T09:38:36'}}", null, "c b")]
    [InlineData("{'=>': {'timestamp': '2026-11-20T09:38:36'}}", null, "c b")]
    [InlineData("{'>': {'timestamp': '2026-11-20T09:38:36'}}", null, "c")]
    [InlineData("{'<=': {'timestamp': '2026-11-20T09:38:36'}}", null, "b a")]
    [InlineData("{'=<': {'timestamp': '2026-11-20T09:38:36'}}", null, "b a")]
    [InlineData("{'<': {'state_timestamp': '2026-11-20T09:38:36'}}", null, "a")]
    [InlineData("{'In': {'name': ['a']}}", null, "a")]
    [InlineData("{'=': {'project': 'p1'}}", "[{'severity': 'asc'}]", "b c a")]
    [InlineData("{'=': {'project_id': 'p1'}}", "[{'severity': 'desc'}, {'name': 'asc'}]", "a c b")]
    public async Task A_filter_selects_alarms(string? filter, string? orderBy, string names)
    {
        await FourAsync();

        Assert.Equal(names, string.Join(' ', (await QueryAsync(filter, orderBy, Member)).All("name")));
    }

    [Fact]
    public async Task Admins_query_all_projects()
    {
        await FourAsync();

        Assert.Equal("x c b a", string.Join(' ', (await QueryAsync(null, null, Admin)).All("name")));
        Assert.Equal("x", string.Join(' ', (await QueryAsync("{'=': {'name': 'x'}}", null, Admin)).All("name")));
    }

    [Theory]
    [InlineData("{'=': {'project_id': 'p2'}}")]
    [InlineData("{'or': [{'=': {'name': 'a'}}, {'not': {'=': {'project': 'p2'}}}]}")]
    public async Task Another_project_cannot_be_named(string filter) => (await QueryAsync(filter, null, Member)).AssertFault(401, "Not Authorized to access project p2");

    [Theory]
    [InlineData("{'filter': {'=': {'name': 'a'}}}", "Invalid input for field/attribute filter. Value: '{'=': {'name': 'a'}}'. Wrong type. Expected '<class 'str'>', got '<class 'dict'>'")]
    [InlineData("{'orderby': [{'name': 'asc'}]}", "Invalid input for field/attribute orderby. Value: '[{'name': 'asc'}]'. Wrong type. Expected '<class 'str'>', got '<class 'list'>'")]
    [InlineData("{'filter': '{}'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'=\\': {\\'name\\': 1}, \\'!=\\': {\\'name\\': 1}}'}", "Filter expression not valid: ")] // two keys
    [InlineData("{'filter': '{\\'=\\': {\\'name\\': null}}'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'in\\': {\\'name\\': []}}'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'in\\': {\\'enabled\\': [true]}}'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'xor\\': []}'}", "Filter expression not valid: ")]
    [InlineData("{'orderby': '[{\\'bogus\\': \\'asc\\'}]'}", "Order-by expression not valid: ")]
    [InlineData("{'filter': 'x'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'=\\': {\\'bogus\\': 1}}'}", "Filter expression not valid: ")]
    [InlineData("{'filter': '{\\'and\\': [{\\'=\\': {\\'name\\': 1}}]}'}", "Filter expression not valid: ")]
    [InlineData("{'orderby': 'x'}", "Order-by expression not valid: ")]
    [InlineData("{'orderby': '[{\\'name\\': \\'up\\'}]'}", "Order-by expression not valid: ")]
    [InlineData("{'limit': 0}", "Limit should be positive")]
    [InlineData("{'limit': '-1'}", "Limit should be positive")]
    [InlineData("{'foo': 1}", "Unknown attribute for argument body: foo")]
    [InlineData("{'filter': '{\\'=\\': {\\'state_timestamp\\': \\'x\\'}}'}", "Failed to parse the timestamp value x")]
    public async Task A_query_that_is_none_is_refused(string body, string message)
    {
        var answer = await Api.PostAsync("/v2/query/alarms", body.Replace('\'', '"'), Member);

        Assert.Equal(400, (int)answer.Status);
        Assert.StartsWith(message, answer.Fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alarm_id", "'no'", 0)]
    [InlineData("name", "'b'", 1)]
    [InlineData("description", "'Alarm when cpu is eq a avg of 80.0 over 60 seconds'", 2)]
    [InlineData("type", "'event'", 1)]
    [InlineData("rule", "'no'", 0)]
    [InlineData("enabled", "false", 1)]
    [InlineData("state", "'ok'", 1)]
    [InlineData("state_timestamp", "'2026-11-20T09:38:35'", 1)]
    [InlineData("state_reason", "'Not evaluated yet'", 3)]
    [InlineData("severity", "'critical'", 1)]
    [InlineData("ok_actions", "'no'", 0)]
    [InlineData("alarm_actions", "'no'", 0)]
    [InlineData("insufficient_data_actions", "'no'", 0)]
    [InlineData("repeat_actions", "true", 0)]
    [InlineData("time_constraints", "'no'", 0)]
    [InlineData("timestamp", "'2026-11-20T09:38:35'", 1)]
    [InlineData("evaluate_timestamp", "'2026-11-20T09:38:35'", 1)]
    [InlineData("user_id", "'u1'", 3)]
    [InlineData("user", "'u1'", 3)]
    [InlineData("project_id", "'p1'", 3)]
    [InlineData("project", "'p1'", 3)]
    public async Task Every_attribute_can_be_asked_for_and_ordered_by(string field, string value, int found)
    {
        await FourAsync();

        Assert.Equal(found, (await QueryAsync($"{{'=': {{'{field}': {value}}}}}", $"[{{'{field}': 'asc'}}]", Member)).All("name").Length);
    }

    [Fact]
    public async Task A_limit_cuts()
    {
        await FourAsync();

        Assert.Equal(["c"], (await Api.PostAsync("/v2/query/alarms", """{"limit": 1}""", Member)).All("name"));
    }

    private Task<Support.HttpAnswer> QueryAsync(string? filter, string? orderBy, (string, string)[] caller)
    {
        var body = new Dictionary<string, string>();
        if (filter is not null)
            body["filter"] = filter.Replace('\'', '"');
        if (orderBy is not null)
            body["orderby"] = orderBy.Replace('\'', '"');
        return Api.PostAsync("/v2/query/alarms", JsonSerializer.Serialize(body), caller);
    }

    private async Task FourAsync()
    {
        await CreateAsync("a", "'severity': 'critical', RULE");
        await CreateAsync("b", "'state': 'ok', 'enabled': false, RULE");
        await CreateAsync("c", "'severity': 'moderate', 'type': 'event', 'event_rule': {}");
        await CreateAsync("x", caller: Other);
    }
}
