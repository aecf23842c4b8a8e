using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Several processes on one PostgreSQL database: one is killed or stopped where it is, the others go on.</summary>
public sealed class ManyProcessesTests : IAsyncLifetime
{
    private static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _data = new();
    private readonly List<ServerProcess> _servers = [];
    private readonly HttpClient _client = new();
    private PostgresDatabase _database = null!;

    public async ValueTask InitializeAsync() => _database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            Signal(server, "CONT");
            await server.DisposeAsync();
        }
        _client.Dispose();
        await _database.DisposeAsync();
        _data.Dispose();
    }

    [Fact]
    public async Task What_one_process_took_in_another_answers_and_a_killed_ones_work_is_taken_over_within_ten_seconds()
    {
        var first = await StartAsync();
        await UntilAsync(async () => await HoldersAsync() is [_]);
        var second = await StartAsync();
        await UntilAsync(async () => await HoldersAsync() is [_, _]); // the alarms are divided
        var position = await PostAsync(first, 1);
        Assert.Equal(1, await CountAsync(second, position));

        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await UntilAsync(async () => await HoldersAsync() is [_] && await FreeAsync() == 0);
        Assert.True(clock.Elapsed < TakeOver, $"It took {clock.Elapsed}.");

        position = await PostAsync(second, 2);
        Assert.Equal(2, await CountAsync(second, position));
        await UntilAsync(async () => await StoredAsync() >= position);
    }

    [Fact]
    public async Task A_process_that_stood_still_until_its_lease_was_over_stores_nothing_and_catches_up()
    {
        var first = await StartAsync("api,ingest,projections");
        await PostAsync(first, 1);
        var second = await StartAsync("api,ingest,projections");
        var before = Assert.Single(await HoldersAsync()); // one projection, one holder

        Signal(first, "STOP");
        await UntilAsync(async () => await HoldersAsync() is [var holder] && holder != before);
        var position = await PostAsync(second, 2);
        await UntilAsync(async () => await StoredAsync() >= position);
        var epoch = await _database.ScalarAsync<long>("select epoch from read_models.lease where share = 'samples'");
        Signal(first, "CONT");

        Assert.Equal(2, await CountAsync(first, position));
        position = await PostAsync(first, 3); // both have something that is not stored: only the holder may store it
        Assert.Equal(3, await CountAsync(second, position));
        await UntilAsync(async () => await StoredAsync() >= position);
        Assert.Equal(epoch, await _database.ScalarAsync<long>("select epoch from read_models.lease where share = 'samples'"));
        Assert.DoesNotContain((await HoldersAsync()).Single(), before, StringComparison.Ordinal);

        // What is stored is right: a process that begins there gives the same answers.
        var third = await StartAsync("api");
        Assert.Equal(3, await CountAsync(third, position));
    }

    [Fact]
    public async Task An_alarm_is_told_once_by_two_processes_and_by_the_other_one_when_its_own_was_killed()
    {
        var called = new ConcurrentQueue<string>();
        await using var webhook = await WebhookAsync(called);
        var first = await StartAsync();
        var second = await StartAsync();
        await UntilAsync(async () => await HoldersAsync() is [_, _]);
        for (var i = 0; i < 8; i++)
        {
            await SendAsync(first, HttpMethod.Post, "/v2/alarms", $$"""
                {"name": "a{{i}}", "type": "threshold", "alarm_actions": ["{{webhook.Urls.Single()}}/{{i}}"], "state": "ok",
                 "threshold_rule": {"meter_name": "cpu", "threshold": 50, "comparison_operator": "gt", "period": 3600} }
                """);
        }
        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await PostAsync(second, 90);

        await UntilAsync(() => Task.FromResult(called.Distinct().Count() == 8));
        Assert.True(clock.Elapsed < TakeOver + TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}."); // an evaluation a second, and the webhooks
        var third = await StartAsync(); // takes half of the shares: nothing is told again
        await UntilAsync(async () => await HoldersAsync() is [_, _]);
        await PostAsync(third, 91);
        var evaluated = await EvaluationsAsync();
        await UntilAsync(async () => await EvaluationsAsync() >= evaluated + (3 * 8)); // three cycles of both
        Assert.Equal(8, called.Count);

        async Task<long> EvaluationsAsync()
        {
            var sum = 0L;
            foreach (var server in new[] { second, third })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/v2/metrics?all_projects=true")) { Headers = { { "X-Roles", "admin" } } };
                using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
                var metrics = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
                sum += metrics.GetProperty("evaluation_results").EnumerateArray().SelectMany(r => r.GetProperty("state_counters").EnumerateObject()).Sum(c => c.Value.GetInt64());
            }
            return sum;
        }
    }

    [Fact]
    public async Task Each_role_can_be_a_process_of_its_own()
    {
        var ingest = await StartAsync("ingest");
        var storing = await StartAsync("projections");
        var api = await StartAsync("api");
        var position = await PostAsync(ingest, 1);

        Assert.Equal(1, await CountAsync(api, position));
        await UntilAsync(async () => await StoredAsync() >= position);
        using (var refused = await _client.GetAsync(new Uri(ingest.Url, "/v2/samples"), TestContext.Current.CancellationToken))
            Assert.Equal(405, (int)refused.StatusCode);
        using (var refused = await _client.GetAsync(new Uri(storing.Url, "/v2/samples"), TestContext.Current.CancellationToken))
            Assert.Equal(404, (int)refused.StatusCode);
        using var late = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Url, "/v2/samples")) { Headers = { { "Telemetry-Position", "1000000" } } };
        var clock = Stopwatch.StartNew();
        using var answer = await _client.SendAsync(late, TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 20);
    }

    [Fact]
    public async Task An_answer_of_a_process_that_only_takes_samples_in_comes_when_every_process_that_answers_has_them()
    {
        var ingest = await StartAsync("ingest");
        ServerProcess[] answering = [await StartAsync("api,projections"), await StartAsync("api")];
        await UntilAsync(() => VisibleAsync(ingest)); // they have heard of each other
        var clock = Stopwatch.StartNew();
        for (var n = 1; n <= 20; n++)
        {
            var before = await CountAsync(answering[0], 0);
            await PostAsync(ingest, n);
            foreach (var api in answering)
                Assert.Equal(before + 1, await CountAsync(api, 0)); // no position is asked for
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"20 posts took {clock.Elapsed}.");

        Signal(answering[1], "STOP"); // it reads no more: the answer comes when the patience ends, and then without it
        clock.Restart();
        await PostAsync(ingest, 21);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 20);
        await UntilAsync(() => VisibleAsync(ingest));

        async Task<bool> VisibleAsync(ServerProcess server)
        {
            var asked = Stopwatch.StartNew();
            await PostAsync(server, 0);
            return asked.Elapsed < TimeSpan.FromSeconds(1);
        }
    }

    private async Task<ServerProcess> StartAsync(string roles = "")
    {
        var (server, _) = await ServerProcess.StartAsync(Path.Combine(_data.Path, $"{_servers.Count}"), new Dictionary<string, string>
        {
            ["TELEMETRY__Log"] = "postgres",
            ["TELEMETRY__Store"] = "postgres",
            ["TELEMETRY__Postgres"] = _database.ConnectionString,
            ["TELEMETRY__Roles"] = roles,
            ["TELEMETRY__Alarms__EvaluationIntervalSeconds"] = "1",
            ["TELEMETRY__Alarms__EvaluationMetrics"] = "true",
            ["TELEMETRY__Projections__FlushAfterSeconds"] = "1",
        });
        _servers.Add(server);
        return server;
    }

    private async Task<long> PostAsync(ServerProcess server, int volume)
    {
        using var answer = await SendAsync(server, HttpMethod.Post, "/v2/meters/cpu", $$"""
            [{"counter_name": "cpu", "counter_type": "gauge", "counter_unit": "%", "counter_volume": {{volume}}, "resource_id": "r", "project_id": "p", "user_id": "u",
              "timestamp": "{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss}}"}]
            """);
        return long.Parse(answer.Headers.GetValues("Telemetry-Position").Single(), CultureInfo.InvariantCulture);
    }

    private async Task<int> CountAsync(ServerProcess server, long position)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/v2/samples")) { Headers = { { "Telemetry-Position", $"{position}" } } };
        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, body);
        return System.Text.Json.JsonElement.Parse(body).GetArrayLength();
    }

    private async Task<HttpResponseMessage> SendAsync(ServerProcess server, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Url, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return answer;
    }

    /// <summary>The processes that hold something now, by the database's clock.</summary>
    private async Task<List<string>> HoldersAsync()
    {
        var text = await _database.ScalarAsync<string>("select string_agg(distinct holder::text, ' ') from read_models.lease where expires_at > clock_timestamp()");
        return [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    private async Task<long> FreeAsync() => await _database.ScalarAsync<long>("select count(*) from read_models.lease where expires_at <= clock_timestamp()");

    private async Task<long> StoredAsync() => await _database.ScalarAsync<long>("select position from read_models.projection where name = 'samples'");

    private static void Signal(ServerProcess server, string signal)
    {
        if (server.Process.HasExited)
            return;
        using var kill = Process.Start("kill", [$"-{signal}", server.Process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    private static async Task<WebApplication> WebhookAsync(ConcurrentQueue<string> called)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/{n}", (string n) => called.Enqueue(n));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        for (var clock = Stopwatch.StartNew(); !await condition(); await Task.Delay(100))
            Assert.True(clock.Elapsed < Patience, "It does not come to it.");
    }
}
