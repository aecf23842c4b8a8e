using System.Net;
using System.Text;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Telemetry events through killed processes, deleted read models and rebuilds.</summary>
public sealed class EventProcessTests
{
    private const int EventsAPost = 20;

    [Fact]
    public async Task Killing_the_process_loses_no_acknowledged_event_and_shows_each_once_however_often_it_is_sent()
    {
        using var data = new TemporaryDirectory();
        var sent = 0;
        List<int> broken = []; // posts without an answer
        for (var round = 0; round < 4; round++)
        {
            var (server, _) = await ServerProcess.StartAsync(data.Path);
            using var client = Client(server);
            foreach (var post in broken)
                Assert.Equal(HttpStatusCode.Created, await PostAsync(client, post));
            Assert.Equal(Enumerable.Range(0, sent * EventsAPost), await NumbersAsync(client));

            using var clients = new PostingClients(server, sent, async post =>
            {
                Assert.Equal(HttpStatusCode.Created, await PostAsync(client, post));
                return true;
            });
            await clients.AcknowledgedAsync(10 * (round + 1));
            await server.KillAsync();
            await clients.CutOffAsync();
            await server.DisposeAsync();
            sent += clients.Posts.Count;
            broken = [.. clients.Posts.Where(p => !p.Value).Select(p => p.Key)];
        }
    }

    [Fact]
    public async Task Read_models_that_are_deleted_or_rebuilt_give_the_same_answers()
    {
        using var data = new TemporaryDirectory();
        var (first, _) = await ServerProcess.StartAsync(data.Path);
        using (var client = Client(first))
        {
            for (var post = 0; post < 30; post++)
                await PostAsync(client, post % 20); // some twice
        }
        var before = await AnswersAsync(first);
        Assert.Equal(0, await first.StopAsync());

        var rebuilt = await ServerProcess.RunAsync("rebuild", "events", "--data", data.Path);
        Assert.True(rebuilt.Code == 0, rebuilt.Output + rebuilt.Error);
        await CompareAsync();
        foreach (var file in Directory.GetFiles(data.Path, "read-model.db*"))
            File.Delete(file);
        await CompareAsync();

        async Task CompareAsync()
        {
            var (server, _) = await ServerProcess.StartAsync(data.Path);
            await using (server)
            {
                Assert.Equal(before, await AnswersAsync(server));
                // Beside the ones in use, in the running server.
                var asked = await ServerProcess.RunAsync("rebuild", "events", "--data", data.Path, "--server", server.Url.ToString());
                Assert.True(asked.Code == 0, asked.Output + asked.Error);
                Assert.Equal(before, await AnswersAsync(server));
                await server.StopAsync();
            }
        }
    }

    private static async Task<string> AnswersAsync(ServerProcess server)
    {
        using var client = Client(server);
        var answers = new StringBuilder();
        foreach (var path in (string[])["/v2/events?limit=1000", "/v2/events?q.field=n&q.op=lt&q.value=100&q.type=integer&limit=1000", "/v2/event_types", "/v2/event_types/t1/traits", "/v2/event_types/t1/traits/n"])
            answers.AppendLine(await client.GetStringAsync(path));
        return answers.ToString();
    }

    private static HttpClient Client(ServerProcess server)
    {
        var client = new HttpClient { BaseAddress = server.Url };
        foreach (var (name, value) in new[] { ("X-Roles", "admin"), ("X-User-Id", "u"), ("X-Project-Id", "p") })
            client.DefaultRequestHeaders.Add(name, value);
        return client;
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, int post)
    {
        var events = Enumerable.Range(post * EventsAPost, EventsAPost).Select(n =>
            $$"""{"message_id":"{{n}}","event_type":"t{{n % 3}}","generated":"2026-11-20T10:00:00","traits":[{"name":"n","type":"integer","value":{{n}} }]}""");
        using var response = await client.PostAsync("/v2/events", new StringContent($"[{string.Join(',', events)}]", Encoding.UTF8, "application/json"));
        return response.StatusCode;
    }

    /// <summary>The numbers of all events, in order.</summary>
    private static async Task<List<int>> NumbersAsync(HttpClient client) =>
        [.. JsonElement.Parse(await client.GetStringAsync("/v2/events?limit=1000000")).EnumerateArray().Select(e => int.Parse(e.GetProperty("message_id").GetString()!)).Order()];
}
