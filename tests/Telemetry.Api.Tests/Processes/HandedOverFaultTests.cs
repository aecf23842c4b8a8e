using System.Diagnostics;
using System.Net;
using System.Text;
using Telemetry.Api.Tests.Notifications;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Intake between processes: who takes what was posted is killed or away, or the broker between them is.</summary>
public sealed class HandedOverFaultTests : IAsyncLifetime
{
    private RabbitMqServer _broker = null!;
    private ServerGroup _group = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        MeteredCloud.Demand();
        _broker = await RabbitMqServer.StartOwnAsync();
        _group = await ServerGroup.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _group.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task A_post_whose_taker_is_killed_before_or_after_it_has_stored_it_is_answered_by_the_next_one_and_counts_once()
    {
        var first = await StartAsync("ingest");
        var api = await StartAsync("api,projections");
        using var client = new HttpClient { BaseAddress = api.Url };
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, 0));

        // Before: the one that has been given the post stands still.
        first.Signal("STOP");
        var posting = PostAsync(client, 1);
        await Poll.UntilAsync(async () => await UnacknowledgedAsync() == 1);
        await first.KillAsync();
        var second = await StartAsync("ingest");
        Assert.Equal(HttpStatusCode.NoContent, await posting);
        Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));

        // After: the post is in the log; another process that should read it first stands still, so that there is no answer yet.
        var reader = await StartAsync("api");
        await Poll.UntilAsync(async () => await _group.Database.ScalarAsync<long>("select count(*) from read_models.member") > 0);
        var head = await HeadAsync();
        reader.Signal("STOP");
        posting = PostAsync(client, 2);
        await Poll.UntilAsync(async () => await HeadAsync() > head);
        await second.KillAsync();
        Assert.False(posting.IsCompleted);
        await StartAsync("ingest");
        Assert.Equal(HttpStatusCode.NoContent, await posting);
        Assert.Equal(3 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        Assert.Equal(head + 1, await HeadAsync());

        Task<long> HeadAsync() => _group.Database.ScalarAsync<long>("select max(seq_id) from event_log.events");
    }

    [Fact]
    public async Task Killing_takers_and_the_broker_in_mid_ingest_loses_nothing_acknowledged_and_doubles_nothing()
    {
        const int rounds = 10;
        var ingest = await StartAsync("ingest");
        var api = await StartAsync("api,projections");
        using var client = new HttpClient { BaseAddress = api.Url };
        using var clients = new PostingClients(api, 0, async post =>
        {
            if (await PostAsync(client, post) == HttpStatusCode.NoContent)
                return true;
            await Task.Delay(100, Ct); // as a client does, though it leaves it at that
            return false;
        });
        var random = new Random(13);
        for (var round = 0; round < rounds; round++)
        {
            await clients.AcknowledgedAsync(random.Next(5, 40));
            await _broker.KillAsync();
            if (round % 2 == 1)
                await ingest.KillAsync();
            await _broker.StartAgainAsync();
            if (round % 2 == 1)
                ingest = await StartAsync("ingest");
        }
        await clients.AcknowledgedAsync(20);
        await clients.StopAsync();

        await clients.CheckAsync(client); // without a key nobody can send again what was not answered, and still nothing may be there twice
    }

    [Fact]
    public async Task Without_a_taker_or_a_broker_posts_are_refused_with_Retry_After_while_queries_are_answered()
    {
        var api = await StartAsync("api,projections", new() { ["TELEMETRY__EventLog__TimeoutSeconds"] = "1" });
        await RefusedAsync("takes anything from the message bus", TimeSpan.FromSeconds(5)); // there never was one
        var ingest = await StartAsync("ingest");
        using var client = new HttpClient { BaseAddress = api.Url };
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, 0));
        await ingest.StopAsync();
        await RefusedAsync("has answered within 6 s", TimeSpan.FromSeconds(15));

        await _broker.KillAsync();
        await Poll.UntilAsync(async () => (await RefuseAsync(api)).Contains("does not answer", StringComparison.Ordinal));
        await RefusedAsync("does not answer", TimeSpan.FromSeconds(5));
        Assert.Equal(CrashTests.SamplesAPost, await CrashTests.CountAsync(client));
        await _broker.StartAgainAsync();
        await StartAsync("ingest");

        await Poll.UntilAsync(async () => await PostAsync(client, 1) == HttpStatusCode.NoContent);
        Assert.Equal(2 * CrashTests.SamplesAPost, await CrashTests.CountAsync(client)); // and nothing of what was refused

        async Task RefusedAsync(string reason, TimeSpan atMost)
        {
            var clock = Stopwatch.StartNew();
            Assert.Contains(reason, await RefuseAsync(api), StringComparison.Ordinal);
            Assert.True(clock.Elapsed < atMost, $"It took {clock.Elapsed}.");
        }
    }

    private Task<ServerProcess> StartAsync(string roles, Dictionary<string, string>? settings = null) => _group.StartAsync(roles, _broker, settings);

    private async Task<long> UnacknowledgedAsync() =>
        (await _broker.ControlAsync("list_queues", "-q", "--no-table-headers", "name", "messages_unacknowledged")).Split('\n')
            .Where(l => l.StartsWith("telemetry.intake\t", StringComparison.Ordinal)).Sum(l => long.Parse(l.Split('\t')[1], System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>As <see cref="CrashTests.PostAsync"/>, without a key.</summary>
    private static async Task<HttpStatusCode> PostAsync(HttpClient client, int post)
    {
        using var request = CrashTests.Request(post);
        request.Headers.Remove("Idempotency-Key");
        using var answer = await client.SendAsync(request, Ct);
        return answer.StatusCode;
    }

    private static async Task<string> RefuseAsync(ServerProcess api)
    {
        using var client = new HttpClient { BaseAddress = api.Url };
        using var answer = await client.PostAsync("/v2/meters/refused", new StringContent("[]", Encoding.UTF8, "application/json"), Ct);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), answer.Headers.RetryAfter?.Delta);
        return await answer.Content.ReadAsStringAsync(Ct);
    }
}
