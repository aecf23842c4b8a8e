namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>No list costs a read an item.</summary>
public sealed class ReadTests
{
    private const string Range = "range: {from: \"2026-03-30T00:00:00Z\", to: \"2026-03-31T00:00:00Z\"}";

    [Theory]
    [InlineData("{ samples(first: 50) { nodes { resource { externalId } meter { name unit } } } }", "1 resources, 1 samples")]
    [InlineData("{ samples(first: 50) { nodes { provenance { stream position } } } }", "1 event, 1 samples")]
    [InlineData("{ resources { nodes { meters { name } } } }", "1 meters, 1 resources")]
    [InlineData("{ meters { nodes { statistics(" + Range + ", period: \"PT1H\") { buckets { avg } } } } }", "1 definitions, 1 statistics")]
    [InlineData("{ meters { nodes { a: statistics(" + Range + ") { unit } b: statistics(" + Range + ", period: \"P1D\") { unit } } } }", "1 definitions, 2 statistics")]
    [InlineData("{ alarms { nodes { rule { ... on ThresholdRule { meter { name unit } } } } } }", "1 alarms, 1 definitions, 1 statistics")]
    [InlineData("{ alarms { nodes { rule { ... on CombinationRule { alarms { name } } } } } }", "2 alarms")]
    [InlineData("{ nodes(ids: [\"UmVzb3VyY2U6cjA\", \"UmVzb3VyY2U6cjE\", \"UmVzb3VyY2U6cjI\"]) { id } }", "1 resources")]
    // A history is its stream: one for each alarm, and the alarms of all changes at once.
    [InlineData("{ alarms(first: 3) { nodes { history { nodes { ... on AlarmStateChanged { alarm { name } } } } } } }", "2 alarms, 3 stream")]
    public async Task References_of_a_list_are_read_at_once(string query, string reads)
    {
        await using var host = await TelemetryHost.StartAsync();
        await host.RecordAsync(Enumerable.Range(0, 20).SelectMany(i => (object[])
            [TelemetryHost.Sample($"m{i % 5}", i, "2026-03-30T10:00:00", $"r{i}"), TelemetryHost.Sample($"m{i % 5}", i, "2026-03-30T11:00:00", $"r{i}", unit: "ns")]));
        for (var i = 0; i < 3; i++)
        {
            var id = await host.CreateAlarmAsync($"alarm {i}", $"m{i}");
            await host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"ok\"", TelemetryHost.Admin);
        }
        await CombineAsync(host);
        host.Reads.Take();

        await host.AskAsync(query, null, TelemetryHost.Admin);

        Assert.Equal(reads, host.Reads.Take());
    }

    private static async Task CombineAsync(TelemetryHost host)
    {
        var ids = (await host.AskAsync("{ alarms { nodes { id } } }", null, TelemetryHost.Admin))["alarms"]!["nodes"]!.AsArray().Select(a => a!["id"]!.GetValue<string>()).ToArray();
        foreach (var pair in new[] { ids[..2], ids[1..] })
        {
            var made = await host.AskAsync(
                "mutation($ids: [ID!]!) { createAlarm(input: {name: \"both\", rule: {combination: {alarms: $ids}}}) { errors { __typename } } }", new { ids = pair }, TelemetryHost.Admin);
            Assert.Null(made["createAlarm"]!["errors"]);
        }
    }
}
