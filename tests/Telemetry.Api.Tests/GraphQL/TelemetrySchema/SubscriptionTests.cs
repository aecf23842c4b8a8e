using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Subscriptions end to end: the program as a process, over server-sent events and both socket protocols.</summary>
public sealed class SubscriptionTests
{
    private const string AlarmChanges = "subscription { alarmStateChanged { to reason alarm { name } } }";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Alarm_changes_reach_subscribers_over_every_way_in()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, TestHost.PatientServer);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var id = await CreateAlarmAsync(client);
            var events = await EventsAsync(client, AlarmChanges);
            await using var reading = events.GetAsyncEnumerator(Ct);
            var all = Task.WhenAll(NextAsync(reading), SocketAsync(server.Url, "graphql-transport-ws", "subscribe"), SocketAsync(server.Url, "graphql-ws", "start"));

            // Until the last of them has subscribed, which a socket's client is not told.
            for (var i = 0; !all.IsCompleted; i++)
                await SetStateAsync(client, id, i % 2 == 0 ? "alarm" : "ok");

            Assert.All(await all, e =>
            {
                Assert.Equal("watched", e["data"]!["alarmStateChanged"]!["alarm"]!["name"]!.GetValue<string>());
                Assert.Equal("Manually set via API", e["data"]!["alarmStateChanged"]!["reason"]!.GetValue<string>());
            });
        }
    }

    [Fact]
    public async Task Who_comes_back_goes_on_where_it_was()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, TestHost.PatientServer);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var id = await CreateAlarmAsync(client);
            await SetStateAsync(client, id, "alarm");
            string Follow(long after) => $"subscription {{ streamAppended(stream: \"alarm-{id}\", after: {after}) {{ revision position type }} }}";

            var first = await TakeAsync(client, Follow(0), 1);
            await SetStateAsync(client, id, "ok");
            var rest = await TakeAsync(client, Follow(first[0]["streamAppended"]!["position"]!.GetValue<long>()), 2);

            Assert.Equal("1 alarm-created", Text(first[0]));
            Assert.Equal(["2 alarm-state-changed", "3 alarm-state-changed"], rest.Select(Text));
            static string Text(JsonNode e) => $"{e["streamAppended"]!["revision"]} {e["streamAppended"]!["type"]}";
        }
    }

    [Fact]
    public async Task Samples_and_their_statistics_come_as_they_are_stored()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, TestHost.PatientServer);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            var added = await EventsAsync(client, "subscription { sampleAdded(where: {meter: {eq: \"cpu\"}, volume: {gt: 5}}) { volume resource { externalId } } }");
            var updated = await EventsAsync(client, "subscription { statisticsUpdated(meter: \"cpu\", period: \"P1D\") { from max quantile(q: 1) } }");
            await using var samples = added.GetAsyncEnumerator(Ct);
            await using var statistics = updated.GetAsyncEnumerator(Ct);
            var all = Task.WhenAll(NextAsync(samples), NextAsync(statistics));
            await Poll.UntilAsync(async () =>
            {
                (await client.PostAsync("/v2/samples", Json("""
                    [{"counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":1,"resource_id":"r1","timestamp":"2026-03-30T10:00:00"},
                     {"counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":9,"resource_id":"r2","timestamp":"2026-03-30T11:00:00"}]
                    """), Ct)).EnsureSuccessStatusCode();
                return all.IsCompleted;
            });

            Assert.Equal("""{"volume":9,"resource":{"externalId":"r2"}}""", (await all)[0]["data"]!["sampleAdded"]!.ToJsonString());
            Assert.Equal("""{"from":"2026-03-30T00:00:00Z","max":9,"quantile":9}""", (await all)[1]["data"]!["statisticsUpdated"]!.ToJsonString());
        }
    }

    /// <summary>Two who ask alike: each first event is one's own, though the other's was stored before it.</summary>
    [Fact]
    public async Task What_is_stored_reaches_those_alone_who_may_see_it()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path, TestHost.PatientServer);
        await using (server)
        {
            using var admin = new HttpClient { BaseAddress = server.Url };
            admin.DefaultRequestHeaders.Add("X-Roles", "admin");
            var alarms = new Dictionary<string, string>();
            var (waiting, clients) = (new List<(string Project, Task<JsonNode> First)>(), new List<HttpClient>());
            foreach (var project in (string[])["p1", "p2"])
            {
                var client = new HttpClient { BaseAddress = server.Url };
                clients.Add(client);
                foreach (var (name, value) in new[] { ("X-Roles", "member"), ("X-User-Id", $"u-{project}"), ("X-Project-Id", project) })
                    client.DefaultRequestHeaders.Add(name, value);
                alarms[project] = await CreateAlarmAsync(client);
                foreach (var subscription in (string[])
                [
                    "subscription { seen: alarmStateChanged { alarm { projectId } } }",
                    "subscription { seen: sampleAdded(where: {meter: {eq: \"cpu\"}}) { projectId } }",
                    "subscription { seen: statisticsUpdated(meter: \"cpu\", period: \"P1D\", groupBy: [{dimension: PROJECT}]) { group { value } } }",
                    "subscription { seen: eventRecorded(where: {type: {eq: \"compute.instance.update\"}}) { type traits { name ... on StringTrait { string } } } }",
                ])
                {
                    waiting.Add((project, NextAsync((await EventsAsync(client, subscription)).GetAsyncEnumerator(Ct))));
                }
            }

            var all = Task.WhenAll(waiting.Select(w => w.First));
            for (var i = 0; !all.IsCompleted; i++)
            {
                foreach (var project in (string[])["none", "p2", "p1", "p2"]) // each of the two has the other's before its own
                {
                    (await admin.PostAsync("/v2/samples", Json($$"""
                        [{"counter_name":"cpu","counter_type":"gauge","counter_unit":"%","counter_volume":1,"resource_id":"r","project_id":"{{project}}","timestamp":"2026-03-30T10:00:00"}]
                        """), Ct)).EnsureSuccessStatusCode();
                    (await admin.PostAsync("/v2/events", Json($$"""
                        [{"message_id":"{{Guid.NewGuid()}}","event_type":"compute.instance.update","generated":"2026-03-30T10:00:00",
                          "traits":[{"name":"project_id","type":"string","value":"{{project}}"},{"name":"user_id","type":"string","value":"u-{{project}}"}]}]
                        """), Ct)).EnsureSuccessStatusCode();
                    if (alarms.TryGetValue(project, out var alarm))
                        await SetStateAsync(admin, alarm, i % 2 == 0 ? "alarm" : "ok");
                }
            }

            Assert.Equal(8, waiting.Count);
            foreach (var (project, first) in waiting)
            {
                var seen = (await first)["data"]!["seen"]!.ToJsonString();
                Assert.Contains($"\"{project}\"", seen, StringComparison.Ordinal);
                Assert.DoesNotContain(project == "p1" ? "p2" : "p1", seen, StringComparison.Ordinal);
            }
            clients.ForEach(c => c.Dispose());
        }
    }

    [Theory]
    [InlineData("subscription { streamAppended { id } }", "AUTH_NOT_AUTHORIZED")]
    [InlineData("subscription { streamAppended(stream: \"samples-p2-2026-03\") { id } }", "NOT_FOUND")]
    [InlineData("subscription { streamAppended(after: -1) { id } }", "BAD_USER_INPUT")]
    [InlineData("subscription { sampleAdded(where: {projectId: {eq: \"p2\"}}) { id } }", "AUTH_NOT_AUTHORIZED")]
    [InlineData("subscription { statisticsUpdated(meter: \"m\", period: \"PT0S\") { count } }", "BAD_USER_INPUT")]
    public async Task What_the_caller_may_not_follow_is_refused_at_once(string subscription, string code)
    {
        await using var host = await TelemetryHost.StartAsync();
        var answer = await host.SendAsync(
            "POST", "/graphql", JsonSerializer.Serialize(new { query = subscription }), ("Accept", "application/json, text/event-stream"), ("X-Roles", "member"), ("X-Project-Id", "p1"));
        Assert.Contains($"\"code\":\"{code}\"", answer.Text);
    }

    private static async Task<string> CreateAlarmAsync(HttpClient client)
    {
        using var made = await client.PostAsync("/v2/alarms", Json("""{"name":"watched","type":"threshold","threshold_rule":{"meter_name":"m","threshold":1.0}}"""), Ct);
        return JsonNode.Parse(await made.Content.ReadAsStringAsync(Ct))!["alarm_id"]!.GetValue<string>();
    }

    private static async Task SetStateAsync(HttpClient client, string id, string state)
    {
        using var set = await client.PutAsync($"/v2/alarms/{id}/state", Json($"\"{state}\""), Ct);
        set.EnsureSuccessStatusCode();
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    /// <summary>Subscribed when this returns.</summary>
    private static async Task<IAsyncEnumerable<JsonNode>> EventsAsync(HttpClient client, string subscription)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/graphql") { Content = Json(JsonSerializer.Serialize(new { query = subscription })) };
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        return Read();

        async IAsyncEnumerable<JsonNode> Read()
        {
            using (response)
            {
                using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Ct));
                while (await lines.ReadLineAsync(Ct) is { } line)
                {
                    if (line.StartsWith("data: {", StringComparison.Ordinal))
                        yield return JsonNode.Parse(line["data: ".Length..])!;
                }
            }
        }
    }

    private static async Task<List<JsonNode>> TakeAsync(HttpClient client, string subscription, int count)
    {
        var taken = new List<JsonNode>();
        await foreach (var e in await EventsAsync(client, subscription))
        {
            taken.Add(e["data"]!);
            if (taken.Count == count)
                break;
        }
        return taken;
    }

    private static async Task<JsonNode> NextAsync(IAsyncEnumerator<JsonNode> reading)
    {
        Assert.True(await reading.MoveNextAsync());
        return reading.Current;
    }

    /// <summary>The payload of the first event over a socket.</summary>
    private static async Task<JsonNode> SocketAsync(Uri server, string protocol, string subscribe)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(protocol);
        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/graphql" }.Uri, Ct);
        await SendAsync("""{"type":"connection_init"}""");
        Assert.Equal("connection_ack", (await ReceiveAsync("connection_ack"))["type"]!.GetValue<string>());
        await SendAsync(JsonSerializer.Serialize(new { id = "1", type = subscribe, payload = new { query = AlarmChanges } }));
        return (await ReceiveAsync("next", "data"))["payload"]!;

        Task SendAsync(string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Ct);

        async Task<JsonNode> ReceiveAsync(params string[] types)
        {
            var buffer = new byte[65_536];
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer, Ct);
                var message = JsonNode.Parse(buffer.AsSpan(0, read.Count))!;
                if (types.Contains(message["type"]!.GetValue<string>()))
                    return message;
            }
        }
    }
}
