using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Samples go in, the evaluator ticks, a webhook is called, history tells it: over the program itself, killed in between.</summary>
public sealed class AlarmProcessTests
{
    private static readonly Dictionary<string, string> Settings = new() { ["TELEMETRY__Alarms__EvaluationIntervalSeconds"] = "1" };

    [Theory]
    [InlineData("nothing")]
    [InlineData("the alarm was created")]
    [InlineData("the samples were posted")]
    [InlineData("the state changed")]
    [InlineData("the webhook was called")]
    public async Task An_alarm_fires_once_though_the_process_is_killed_when(string step)
    {
        using var data = new TemporaryDirectory();
        await using var webhook = await Webhook.StartAsync();
        var server = await StartAsync(data.Path);
        try
        {
            var alarm = await PostAsync(server, "/v2/alarms", $$"""
                {"name": "cpu", "type": "threshold", "alarm_actions": ["{{webhook.Url}}/fired"], "state": "ok",
                 "threshold_rule": {"meter_name": "cpu_util", "threshold": 50, "comparison_operator": "gt", "period": 3600,
                   "query": [{"field": "resource_id", "value": "inst-002"}]} }
                """);
            var id = alarm.GetProperty("alarm_id").GetString()!;
            server = await KilledAsync(server, data.Path, step == "the alarm was created");

            await PostAsync(server, "/v2/meters/cpu_util?direct=True", $$"""
                [{"counter_name": "cpu_util", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 90, "resource_id": "inst-002", "project_id": "p1", "user_id": "u1",
                  "timestamp": "{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss}}"}]
                """);
            server = await KilledAsync(server, data.Path, step == "the samples were posted");

            await Poll.UntilAsync(async () => (await GetAsync(server, $"/v2/alarms/{id}")).GetProperty("state").GetString() == "alarm");
            server = await KilledAsync(server, data.Path, step == "the state changed");

            await webhook.Called;
            server = await KilledAsync(server, data.Path, step == "the webhook was called");

            await Poll.UntilAsync(async () => (await GetAsync(server, $"/v2/alarms/{id}/deliveries")).GetArrayLength() == 1);
            var delivery = (await GetAsync(server, $"/v2/alarms/{id}/deliveries"))[0];
            Assert.Equal(("delivered", "200 OK"), (delivery.GetProperty("outcome").GetString(), delivery.GetProperty("detail").GetString()));
            Assert.All(webhook.Received, call => Assert.Equal("alarm", JsonElement.Parse(call.Body).GetProperty("current").GetString()));
            // A kill between the answer of the webhook and its record makes it known twice; nothing makes it unknown.
            Assert.InRange(webhook.Received.Count, 1, step is "the webhook was called" or "the state changed" ? 2 : 1);
            // Before the sample was there, one cycle may have found nothing to go by.
            var history = (await GetAsync(server, $"/v2/alarms/{id}/history")).EnumerateArray().Select(c => c.GetProperty("detail").GetString()!).ToList();
            Assert.Equal(
                """{"state": "alarm", "transition_reason": "Transition to alarm due to 1 samples outside threshold, most recent: 90.0"}""", history[0]);
            Assert.Single(history, d => d.Contains("\"state\": \"alarm\", \"transition_reason\"", StringComparison.Ordinal));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    private static async Task<ServerProcess> StartAsync(string data) => (await ServerProcess.StartAsync(data, Settings)).Server;

    private static async Task<ServerProcess> KilledAsync(ServerProcess server, string data, bool now)
    {
        if (!now)
            return server;
        await server.KillAsync();
        await server.DisposeAsync();
        return await StartAsync(data);
    }

    private static async Task<JsonElement> GetAsync(ServerProcess server, string path)
    {
        using var client = Client(server);
        return await client.GetFromJsonAsync<JsonElement>(path, TestContext.Current.CancellationToken);
    }

    private static async Task<JsonElement> PostAsync(ServerProcess server, string path, string body)
    {
        using var client = Client(server);
        using var answer = await client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        return JsonElement.Parse(text);
    }

    private static HttpClient Client(ServerProcess server)
    {
        var client = new HttpClient { BaseAddress = server.Url };
        client.DefaultRequestHeaders.Add("X-User-Id", "u1");
        client.DefaultRequestHeaders.Add("X-Project-Id", "p1");
        client.DefaultRequestHeaders.Add("X-Roles", "member");
        return client;
    }
}
