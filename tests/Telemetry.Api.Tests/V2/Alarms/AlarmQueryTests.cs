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
    [InlineData("{'<': {'state_timestamp': '2026-11-20T09:38:36'}}", null, "a")]
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
    [InlineData("{'filter': {'=': {'name': 'a'}}}", "Invalid input for field/attribute filter. ")]
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
