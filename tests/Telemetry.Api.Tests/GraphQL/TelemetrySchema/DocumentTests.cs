using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>The queries of docs/graphql.md get the answers that stand below them.</summary>
public sealed partial class DocumentTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_queries_of_the_document_get_the_answers_below_them()
    {
        await using var host = await TelemetryHost.StartAsync();
        await FillAsync(host);
        var examples = Example().Matches(await File.ReadAllTextAsync(Repository.File("docs/graphql.md"), TestContext.Current.CancellationToken));
        Assert.Equal(5, examples.Count);

        foreach (Match example in examples)
        {
            var answer = await host.PostAsync(example.Groups["query"].Value, null, TelemetryHost.Admin);
            answer.AsObject().Remove("extensions");

            var expected = JsonNode.Parse(example.Groups["answer"].Value)!;
            Assert.True(JsonNode.DeepEquals(expected, answer), $"The answer is now\n{answer.ToJsonString(Indented)}");
        }
    }

    /// <summary>Two servers of one project over a day, and one that is too hot.</summary>
    private static async Task FillAsync(TelemetryHost host)
    {
        var start = new DateTime(2026, 3, 30, 0, 0, 0, DateTimeKind.Utc);
        await host.RecordAsync(Enumerable.Range(0, 24).SelectMany(h => (object[])
        [
            TelemetryHost.Sample("cpu_util", 10 + h, $"{start.AddHours(h):s}", "web-1", metadata: new { az = "a", flavor = "m1.small" }, id: $"web-1-{h}"),
            TelemetryHost.Sample("cpu_util", 90 - h, $"{start.AddHours(h):s}", "db-1", metadata: new { az = "b", flavor = "m1.large" }, id: $"db-1-{h}"),
            TelemetryHost.Sample("network.incoming.bytes", 1000 * h, $"{start.AddHours(h):s}", "web-1", unit: "B", type: "cumulative", metadata: new { az = "a" }, id: $"net-{h}"),
        ]));
        var id = await host.CreateAlarmAsync("db-1 is hot", "cpu_util");
        host.Time.Now = TelemetryHost.Now.AddMinutes(5);
        Assert.Equal(200, (await host.SendAsync("PUT", $"/v2/alarms/{id}/state", "\"alarm\"", TelemetryHost.Admin)).Status);
        await host.RecordEventsAsync(ScopeMatrixTests.Event("e-1", ("project_id", "p1"), ("user_id", "root"), ("state", "active")));
    }

    [GeneratedRegex("```graphql\n(?<query>.*?)```\n+```json\n(?<answer>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
