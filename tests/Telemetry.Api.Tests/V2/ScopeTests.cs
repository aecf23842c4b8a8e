using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2;

/// <summary>A limited caller sees its own project, whatever it asks.</summary>
public sealed class ScopeTests
{
    private static readonly (string, string)[] P1 = [("X-Roles", "member"), ("X-User-Id", "u1"), ("X-Project-Id", "p1")];

    public static TheoryData<string, string, string, string> Lists => new()
    {
        { "GET", "/v2/samples", "id", "s2 s4 s1" },
        { "GET", "/v2/meters", "name", "cpu_util net.bytes" },
        { "GET", "/v2/meters?unique=1", "name", "cpu_util net.bytes" },
        { "GET", "/v2/meters/cpu_util", "message_id", "s2 s1" },
        { "GET", "/v2/meters/orphan", "message_id", "" },
        { "GET", "/v2/meters/cpu_util/statistics", "count", "2" },
        { "GET", "/v2/meters/cpu_util/statistics?groupby=project_id", "count", "2" },
        { "GET", "/v2/resources", "resource_id", "r1" },
        { "POST", "/v2/query/samples", "id", "s2 s4 s1" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task A_limited_caller_sees_its_project_alone(string method, string path, string member, string expected)
    {
        await using var host = await ApiHost.StartAsync();

        var answer = method == "GET" ? await host.GetAsync(path, P1) : await host.PostAsync(path, "{}", P1);

        Assert.Equal(expected, string.Join(' ', answer.All(member)));
    }

    [Theory]
    [InlineData("/v2/samples/s1", 200)]
    [InlineData("/v2/samples/s3", 404)]
    [InlineData("/v2/samples/s5", 404)]
    [InlineData("/v2/resources/r1", 200)]
    [InlineData("/v2/resources/r2", 404)]
    public async Task What_belongs_to_another_project_is_not_found(string path, int status)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(status, (int)(await host.GetAsync(path, P1)).Status);
        Assert.Equal(200, (int)(await host.GetAsync(path)).Status);
    }

    [Theory]
    [InlineData("/v2/samples")]
    [InlineData("/v2/meters")]
    [InlineData("/v2/meters/cpu_util")]
    [InlineData("/v2/meters/cpu_util/statistics")]
    [InlineData("/v2/resources")]
    public async Task A_condition_on_another_project_is_401(string path)
    {
        await using var host = await ApiHost.StartAsync();

        foreach (var field in (string[])["project", "project_id"])
        {
            (await host.GetAsync($"{path}?q.field={field}&q.value=p2", P1)).AssertFault(401, "Not Authorized to access project p2");
            (await host.GetAsync($"{path}?q.field={field}&q.value=None", P1)).AssertFault(401, "Not Authorized to access project None");
            (await host.GetAsync($"{path}?q.field={field}&q.op=ne&q.value=p2", P1)).AssertFault(401, "Not Authorized to access project p2");
            (await host.GetAsync($"{path}?q.field=nonsense&q.value=x&q.field={field}&q.value=p2", P1)).AssertFault(401, "Not Authorized to access project p2");
            Assert.Equal((await host.GetAsync(path, P1)).Body, (await host.GetAsync($"{path}?q.field={field}&q.value=p1", P1)).Body);
        }
    }

    [Theory]
    [InlineData("""{"=": {"project_id": "p2"}}""", "p2")]
    [InlineData("""{"!=": {"project": "p2"}}""", "p2")]
    [InlineData("""{"not": {"=": {"project_id": "p2"}}}""", "p2")]
    [InlineData("""{"or": [{"=": {"meter": "cpu_util"}}, {"and": [{"=": {"user": "u1"}}, {"=~": {"project_id": ".*"}}]}]}""", ".*")]
    [InlineData("""{"in": {"project_id": ["p1"]}}""", "['p1']")]
    [InlineData("""{"in": {"project_id": ["p1", "p2"]}}""", "['p1', 'p2']")]
    public async Task A_complex_query_that_names_another_project_is_401(string filter, string named)
    {
        await using var host = await ApiHost.StartAsync();

        (await host.PostAsync("/v2/query/samples", Query(filter), P1)).AssertFault(401, $"Not Authorized to access project {named}");
    }

    [Theory]
    [InlineData("""{"=": {"project_id": "p1"}}""", "s2 s4 s1")]
    [InlineData("""{"!=": {"project_id": "p1"}}""", "")]
    [InlineData("""{"not": {"=": {"project_id": "p1"}}}""", "")]
    [InlineData("""{"or": [{"=": {"user_id": "u2"}}, {"=": {"user_id": "u1"}}]}""", "s2 s4 s1")]
    [InlineData("""{"not": {"=": {"user_id": "u1"}}}""", "")]
    public async Task A_complex_query_sees_nothing_beyond_the_project(string filter, string ids)
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(ids, string.Join(' ', (await host.PostAsync("/v2/query/samples", Query(filter), P1)).All("id")));
    }

    [Theory]
    [InlineData("admin", "p1", 5)]
    [InlineData("ADMIN", "p1", 5)]
    [InlineData("member,Admin", "p1", 5)]
    [InlineData("member, admin", "p1", 3)] // role names are not trimmed
    [InlineData("administrator", "p1", 3)]
    [InlineData("member", "p1", 3)]
    [InlineData("member", "p3", 0)]
    [InlineData("member", "", 5)]
    [InlineData("member", null, 5)]
    [InlineData(null, "p1", 3)]
    [InlineData(null, null, 5)]
    public async Task Admins_and_callers_without_a_project_see_everything(string? roles, string? project, int count)
    {
        await using var host = await ApiHost.StartAsync();
        var headers = new List<(string, string)>();
        if (roles is not null)
            headers.Add(("X-Roles", roles));
        if (project is not null)
            headers.Add(("X-Project-Id", project));

        Assert.Equal(count, (await host.GetAsync("/v2/samples", [.. headers])).All("id").Length);
    }

    private static string Query(string filter) => System.Text.Json.JsonSerializer.Serialize(new { filter });
}
