using System.Text.Json.Nodes;
using Telemetry.Api.Tests.GraphQL.Judges;

namespace Telemetry.Api.Tests.GraphQL.Http;

/// <summary>Clients and audits by others, in a Node process, against a real port.</summary>
public sealed class AuditTests(NodeFixture node)
{
    [Fact]
    public async Task All_of_graphql_https_audits_pass()
    {
        node.Require();
        await using var host = await TestHost.StartOnPortAsync();
        using var process = node.Start("audits.mjs", host.Url);
        var results = JsonNode.Parse(await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken))!.AsArray();
        Assert.Equal(61, results.Count);
        var missed = results.Where(r => r!["status"]!.GetValue<string>() != "ok").Select(r => $"{r!["id"]} {r["status"]}: {r["name"]}: {r["reason"]}");
        Assert.Empty(missed);
    }

    [Theory]
    [InlineData("ws")]
    [InlineData("sse")]
    public async Task Client_libraries_run_subscriptions_and_queries_and_are_told_of_errors(string kind)
    {
        node.Require();
        await using var host = await TestHost.StartOnPortAsync();

        Assert.Equal(
            ["""{"data":{"count":1}}""", """{"data":{"count":2}}""", "complete"],
            (await RunAsync(kind, host.Url, "subscription { count(to: 2) }")).Select(WithoutExtensions));
        Assert.Equal(
            ["""{"data":{"__typename":"Query"}}""", "complete"], (await RunAsync(kind, host.Url, "{ __typename }")).Select(WithoutExtensions));
        var refused = await RunAsync(kind, host.Url, "subscription { unknown }");
        Assert.Contains(kind == "ws" ? "unknown" : "400", Assert.Single(refused));
        Assert.StartsWith("error ", refused[0]);
    }

    private static string WithoutExtensions(string line)
    {
        if (!line.StartsWith('{'))
            return line;
        var json = JsonNode.Parse(line)!.AsObject();
        json.Remove("extensions");
        return json.ToJsonString();
    }

    private async Task<string[]> RunAsync(string kind, string url, string query)
    {
        using var process = node.Start("clients.mjs", kind, url, query);
        return (await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
