using Telemetry.Api.Tests.Support;

namespace Telemetry.Api.Tests.V2.Audit;

public sealed class CursorTests : IAsyncLifetime
{
    private const string Stream = "samples-p-2026-10";
    private static readonly (string, string)[] OfP = [("X-Project-Id", "p")];
    private static readonly (string, string)[] OfQ = [("X-Project-Id", "q")];
    private AuditHost _host = null!;

    public async ValueTask InitializeAsync()
    {
        _host = await AuditHost.StartAsync();
        for (var n = 0; n < 4; n++)
            await _host.RecordAsync("p", n);
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task A_reader_goes_on_where_its_cursor_stands()
    {
        Assert.Equal(404, (await _host.GetAsync("/v2/cursors/billing", OfP)).Status);
        var moved = await MoveAsync("billing", $$"""{"stream":"{{Stream}}","after":3}""", OfP);

        Assert.Equal((200, 3L, 1L), (moved.Status, moved.Json.GetProperty("after").GetInt64(), moved.Json.GetProperty("version").GetInt64()));
        Assert.Equal(moved.Text, (await _host.GetAsync("/v2/cursors/billing", OfP)).Text);
        Assert.Equal([4], (await _host.GetAsync($"/v2/streams/{Stream}?cursor=billing", OfP)).Json.EnumerateArray().Select(e => e.GetProperty("version").GetInt32()));
        Assert.Equal(["billing"], (await _host.GetAsync("/v2/cursors", OfP)).Json.EnumerateArray().Select(c => c.GetProperty("name").GetString()));
        Assert.Equal(204, (await _host.SendAsync("DELETE", "/v2/cursors/billing", null, OfP)).Status);
        Assert.Equal(404, (await _host.GetAsync($"/v2/streams/{Stream}?cursor=billing", OfP)).Status);
        Assert.Empty((await _host.GetAsync("/v2/cursors", OfP)).Json.EnumerateArray());
    }

    [Fact]
    public async Task Two_readers_of_one_cursor_do_not_overtake_each_other_unseen()
    {
        Assert.Equal(200, (await MoveAsync("c", $$"""{"stream":"{{Stream}}","after":1,"version":0}""", OfP)).Status);
        Assert.Equal(200, (await MoveAsync("c", $$"""{"stream":"{{Stream}}","after":2,"version":1}""", OfP)).Status);

        var late = await MoveAsync("c", $$"""{"stream":"{{Stream}}","after":2,"version":1}""", OfP);

        Assert.Equal(409, late.Status);
        Assert.Contains("has version 2, not 1", late.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everybody_has_cursors_of_their_own_project_and_streams_only()
    {
        await MoveAsync("c", $$"""{"stream":"{{Stream}}","after":1}""", OfP);
        await MoveAsync("c", """{"stream":"$all","after":2}""");

        Assert.Equal(404, (await _host.GetAsync("/v2/cursors/c", OfQ)).Status);
        Assert.Equal(404, (await MoveAsync("c", $$"""{"stream":"{{Stream}}","after":1}""", OfQ)).Status);
        Assert.Equal(403, (await MoveAsync("c", """{"stream":"$all","after":1}""", OfQ)).Status);
        Assert.Equal(2, (await _host.GetAsync("/v2/cursors/c")).Json.GetProperty("after").GetInt64());
        Assert.Equal(1, (await _host.GetAsync("/v2/cursors/c", OfP)).Json.GetProperty("after").GetInt64());
        Assert.Equal(400, (await _host.GetAsync($"/v2/streams/{Stream}?cursor=c")).Status); // a cursor of $all
    }

    [Theory]
    [InlineData("a-b", """{"stream":"samples-p-2026-10","after":1}""", "name")]
    [InlineData("c", """{"stream":"samples-p-2026-10","after":-1}""", "after")]
    [InlineData("c", """{"after":1}""", "stream")]
    [InlineData("c", """{"stream":"samples-p-2026-10"}""", "after")]
    public async Task What_is_no_cursor_is_refused_by_what_is_wrong(string name, string body, string problem)
    {
        var answer = await MoveAsync(name, body, OfP);

        Assert.Equal(400, answer.Status);
        Assert.Contains(problem, answer.Text, StringComparison.Ordinal);
    }

    private Task<Answer> MoveAsync(string name, string body, params (string, string)[] caller) => _host.SendAsync("PUT", $"/v2/cursors/{name}", body, caller);
}
