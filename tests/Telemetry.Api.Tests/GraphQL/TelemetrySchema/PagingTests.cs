using System.Text.Json.Nodes;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Pages are whole and without repeats, whichever way and whatever is appended meanwhile.</summary>
public sealed class PagingTests
{
    private static async Task<TelemetryHost> HostAsync()
    {
        var host = await TelemetryHost.StartAsync();
        // Three instants of five samples each.
        await host.RecordAsync(Enumerable.Range(0, 15).Select(i => TelemetryHost.Sample("cpu", i, $"2026-03-30T0{i / 5}:00:00", $"r{i:00}")));
        return host;
    }

    [Theory]
    [InlineData("samples", "volume", "", 1)]
    [InlineData("samples", "volume", "", 2)]
    [InlineData("samples", "volume", "", 4)]
    [InlineData("samples", "volume", "order: [{timestamp: ASC}], where: {timestamp: {gte: \"2026-01-01T00:00:00Z\"}}", 3)]
    [InlineData("samples", "volume", "order: [{volume: DESC}], where: {timestamp: {gte: \"2026-01-01T00:00:00Z\"}}", 4)]
    [InlineData("samples", "volume", "order: [{recordedAt: ASC}, {timestamp: ASC}], where: {timestamp: {gte: \"2026-01-01T00:00:00Z\"}}", 4)]
    [InlineData("resources", "externalId", "", 4)]
    [InlineData("resources", "externalId", "order: [{lastSampleAt: DESC}]", 4)]
    public async Task All_pages_together_are_the_list_forwards_and_backwards(string field, string member, string arguments, int size)
    {
        await using var host = await HostAsync();
        var bound = arguments.Contains("where", StringComparison.Ordinal) || field != "samples" ? arguments : "where: {timestamp: {gte: \"2026-01-01T00:00:00Z\"}}";

        var all = (await PageAsync(host, field, member, $"first: 100, {arguments}")).Items;
        var (forwards, backwards) = (new List<string>(), new List<string>());
        for (string? after = null; ;)
        {
            var page = await PageAsync(host, field, member, $"first: {size}, {arguments} {(after is null ? "" : $"after: \"{after}\"")}");
            forwards.AddRange(page.Items);
            after = page.Info["endCursor"]?.GetValue<string>();
            if (!page.Info["hasNextPage"]!.GetValue<bool>())
                break;
        }
        for (string? before = null; ;)
        {
            var page = await PageAsync(host, field, member, $"last: {size}, {bound} {(before is null ? "" : $"before: \"{before}\"")}");
            backwards.InsertRange(0, page.Items);
            before = page.Info["startCursor"]?.GetValue<string>();
            if (!page.Info["hasPreviousPage"]!.GetValue<bool>())
                break;
        }

        Assert.Equal(15, all.Count);
        Assert.Equal(all, forwards);
        Assert.Equal(all, backwards);
    }

    [Fact]
    public async Task A_cursor_keeps_its_place_when_samples_are_appended()
    {
        await using var host = await HostAsync();
        var first = await PageAsync(host, "samples", "volume", "first: 7");
        await host.RecordAsync(TelemetryHost.Sample("cpu", 100, "2026-03-30T02:00:00"), TelemetryHost.Sample("cpu", 101, "2026-03-30T01:00:00"), TelemetryHost.Sample("cpu", 102, "2026-03-30T09:00:00"));

        var next = await PageAsync(host, "samples", "volume", $"first: 20, after: \"{first.Info["endCursor"]}\"");

        Assert.Equal(["10", "11", "12", "13", "14", "5", "6"], first.Items);
        Assert.Equal(["7", "8", "9", "101", "0", "1", "2", "3", "4"], next.Items);
    }

    [Theory]
    [InlineData("samples(first: 101) { nodes { id } }", "A page of more than 100 samples")]
    [InlineData("samples(order: [{volume: ASC}]) { nodes { id } }", "A page of more than 100 samples")]
    [InlineData("samples(after: \"nonsense\") { nodes { id } }", "\"nonsense\" is no cursor of this list in this order.")]
    [InlineData("resources(after: \"WyJuYW1lIiwidGNwdSIsIngiXQ\") { nodes { id } }", "is no cursor of this list in this order.")]
    [InlineData("meters(first: 1001) { nodes { id } }", "\"first\" is 0 to 1000, not 1001.")]
    public async Task A_page_that_cannot_be_is_refused(string query, string message)
    {
        await using var host = await TelemetryHost.StartAsync(("Telemetry:GraphQL:MaxCost", "1000000"));
        Assert.Contains(message, (await host.PostAsync($"{{ {query} }}"))["errors"]![0]!["message"]!.GetValue<string>());
    }

    private static async Task<(List<string> Items, JsonNode Info)> PageAsync(TelemetryHost host, string field, string member, string arguments)
    {
        var page = (await host.AskAsync($"{{ {field}({arguments}) {{ nodes {{ {member} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"))[field]!;
        return ([.. page["nodes"]!.AsArray().Select(n => n![member]!.ToString())], page["pageInfo"]!);
    }
}
