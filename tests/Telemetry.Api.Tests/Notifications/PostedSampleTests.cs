using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>Ceilometer's <c>POST /v2/meters/{name}</c> of a server that has pipelines.</summary>
public sealed class PostedSampleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Samples_go_through_the_pipelines_unless_they_are_direct()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.File("pipeline.yaml"), """
            sources: [{name: all, meters: ["*"], sinks: [kept]}]
            sinks: [{name: kept, transformers: [{name: unit_conversion, parameters: {source: {unit: B}, target: {unit: kB, scale: 0.001}}}], publishers: [store]}]
            """, Ct);
        var (server, _) = await ServerProcess.StartAsync(folder.File("data"), new Dictionary<string, string> { ["TELEMETRY__Pipelines__Samples"] = folder.File("pipeline.yaml") });
        await using var running = server;
        using var client = new HttpClient { BaseAddress = server.Url };

        var piped = await PostAsync(client, "/v2/meters/size", 2_000);
        var direct = await PostAsync(client, "/v2/meters/size?direct=True", 3_000);

        Assert.Equal((2_000, "B"), (piped.GetProperty("counter_volume").GetDouble(), piped.GetProperty("counter_unit").GetString())); // the answer is what was sent
        var stored = (await client.GetFromJsonAsync<JsonElement>("/v2/meters/size", Ct)).EnumerateArray().ToDictionary(
            s => s.GetProperty("message_id").GetString()!, s => (s.GetProperty("counter_volume").GetDouble(), s.GetProperty("counter_unit").GetString()));
        Assert.Contains((2.0, "kB"), stored.Values); // a transformed sample is another one, with an id of its own
        Assert.Equal((3_000, "B"), stored[direct.GetProperty("message_id").GetString()!]);
        Assert.Equal(2, stored.Count);
    }

    private static async Task<JsonElement> PostAsync(HttpClient client, string path, double volume)
    {
        using var answer = await client.PostAsJsonAsync(path, new[] { new { counter_name = "size", counter_type = "gauge", counter_unit = "B", counter_volume = volume, resource_id = "r" } }, Ct);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>(Ct))[0];
    }
}
