using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
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

    private readonly HttpClient _client = new();
    private ServerGroup _group = null!;

    public async ValueTask InitializeAsync() => _group = await ServerGroup.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        await _group.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task What_one_process_took_in_another_answers_and_a_killed_ones_work_is_taken_over_within_ten_seconds()
    {
        var first = await _group.StartAsync();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_]);
        var second = await _group.StartAsync();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_, _]); // the alarms are divided
        var position = await _group.PostAsync(first, 1);
        Assert.Equal(1, await _group.CountAsync(second, position));

        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_] && await _group.FreeAsync() == 0);
        Assert.True(clock.Elapsed < TakeOver, $"It took {clock.Elapsed}.");

        position = await _group.PostAsync(second, 2);
        Assert.Equal(2, await _group.CountAsync(second, position));
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
    }

    [Fact]
    public async Task A_process_that_stood_still_until_its_lease_was_over_stores_nothing_and_catches_up()
    {
        var first = await _group.StartAsync("api,ingest,projections");
        await _group.PostAsync(first, 1);
        var second = await _group.StartAsync("api,ingest,projections");
        var before = Assert.Single(await _group.HoldersAsync()); // one projection, one holder

        ServerGroup.Signal(first, "STOP");
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [var holder] && holder != before);
        var position = await _group.PostAsync(second, 2);
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
        var epoch = await _group.Database.ScalarAsync<long>("select epoch from read_models.lease where share = 'samples'");
        ServerGroup.Signal(first, "CONT");

        Assert.Equal(2, await _group.CountAsync(first, position));
        position = await _group.PostAsync(first, 3); // both have something that is not stored: only the holder may store it
        Assert.Equal(3, await _group.CountAsync(second, position));
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
        Assert.Equal(epoch, await _group.Database.ScalarAsync<long>("select epoch from read_models.lease where share = 'samples'"));
        Assert.DoesNotContain((await _group.HoldersAsync()).Single(), before, StringComparison.Ordinal);

        // What is stored is right: a process that begins there gives the same answers.
        var third = await _group.StartAsync("api");
        Assert.Equal(3, await _group.CountAsync(third, position));
    }

    [Theory]
    [InlineData("select pg_advisory_xact_lock", "delete from member")] // it prolongs its leases, and no other process can meanwhile
    [InlineData("from projection where name = $1 for update", "select 1 from lease where share")] // it stores, up to the question whether it may
    [InlineData("select 1 from lease where share", "COMMIT")] // it stores, and has been told that it may
    public async Task A_process_that_is_cut_off_from_the_database_until_its_lease_was_over_writes_nothing_more_and_catches_up(params string[] cutBefore)
    {
        await using var link = new PostgresLink(_group.Database.ConnectionString);
        var first = await _group.StartAsync("api,ingest,projections", new Dictionary<string, string>
        {
            ["TELEMETRY__Postgres"] = $"{link.ConnectionString};Auto Prepare Min Usages=1000000", // so that the link can read along
            ["TELEMETRY__EventLog__TimeoutSeconds"] = "2",
            ["TELEMETRY__Projections__FlushAfterSeconds"] = "3",
        });
        var before = Assert.Single(await _group.HoldersAsync());
        var second = await _group.StartAsync("api,ingest,projections");
        var position = await _group.PostAsync(first, 1); // to be stored in a moment
        var cut = link.CutBeforeAsync(cutBefore);
        Assert.Equal(1, await _group.CountAsync(second, position));
        await cut.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [var holder] && holder != before);
        Assert.True(clock.Elapsed < TakeOver, $"It took {clock.Elapsed}.");
        using (var refused = await _client.PostAsync(new Uri(first.Url, "/v2/meters/cpu"), new StringContent("""
            [{"counter_name": "cpu", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 9, "resource_id": "cut", "project_id": "p", "user_id": "u"}]
            """, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken))
        {
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        position = await _group.PostAsync(second, 2);
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
        var epochs = await EpochsAsync();

        link.Mend(); // all that the first had sent arrives
        Assert.Equal(2, await _group.CountAsync(first, position));
        position = await _group.PostAsync(first, 3);
        Assert.Equal(3, await _group.CountAsync(second, position));
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
        Assert.Equal(epochs, await EpochsAsync()); // the second has stored it
        Assert.Equal(3, await _group.CountAsync(await _group.StartAsync("api"), position)); // out of the tables

        Task<string?> EpochsAsync() => _group.Database.ScalarAsync<string>("select string_agg(share || ' ' || epoch, ',' order by share) from read_models.lease");
    }

    [Theory]
    [InlineData("+10m")]
    [InlineData("-10m")]
    public async Task A_process_whose_clock_is_ten_minutes_off_shares_the_work_tells_the_right_time_and_answers_as_the_others(string offset)
    {
        var called = new ConcurrentQueue<string>();
        await using var webhook = await WebhookAsync(called);
        _client.DefaultRequestHeaders.Add("X-Roles", "admin");
        var right = await _group.StartAsync();
        var wrong = await _group.StartAsync("", WrongClock.Settings(offset));
        using (var answer = await _client.GetAsync(new Uri(wrong.Url, "/healthz/live"), TestContext.Current.CancellationToken))
            Assert.InRange((answer.Headers.Date!.Value - DateTimeOffset.UtcNow).Duration(), TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(11)); // it really is
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        await ServerGroup.UntilAsync(async () => await _group.FreeAsync() == 0);
        var epochs = await EpochsAsync();

        // An alarm looks at the last minute: ten minutes off it would see nothing, and nobody would be called.
        for (var i = 0; i < 8; i++)
        {
            using var created = await _group.SendAsync(i % 2 == 0 ? right : wrong, HttpMethod.Post, "/v2/alarms", $$"""
                {"name": "a{{i}}", "type": "threshold", "alarm_actions": ["{{webhook.Urls.Single()}}/{{i}}"], "state": "ok",
                 "threshold_rule": {"meter_name": "load", "threshold": 50, "comparison_operator": "gt", "period": 60} }
                """);
            Near(await ValueAsync(created, "timestamp"));
        }
        await ServerGroup.UntilAsync(async () => // values for as long as it takes, as an agent sends them; at a time that the server gives
        {
            using var posted = await _group.SendAsync(wrong, HttpMethod.Post, "/v2/samples", """
                [{"counter_name": "load", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 90, "resource_id": "r", "project_id": "p", "user_id": "u"}]
                """);
            Near(await ValueAsync(posted, "timestamp"));
            return called.Distinct().Count() == 8;
        });
        var position = await _group.PostAsync(right, 1);
        Assert.Equal(await _group.CountAsync(right, position), await _group.CountAsync(wrong, position));
        foreach (var sample in System.Text.Json.JsonElement.Parse(await _client.GetStringAsync(new Uri(wrong.Url, "/v2/samples"), TestContext.Current.CancellationToken)).EnumerateArray())
            Near(sample.GetProperty("recorded_at").GetString()!);
        foreach (var path in new[] { "/v2/samples", "/v2/meters/load/statistics", "/v2/resources", "/v2/alarms" })
        {
            var answers = new List<string>();
            foreach (var server in new[] { right, wrong })
                answers.Add((await _client.GetStringAsync(new Uri(server.Url, path), TestContext.Current.CancellationToken)).Replace(server.Url.Authority, "HOST", StringComparison.Ordinal));
            Assert.Equal(answers[0], answers[1]);
        }
        Assert.Equal(epochs, await EpochsAsync()); // nobody has lost or taken anything
        Assert.Equal(8, called.Count); // nothing was told twice

        await right.KillAsync();
        var clock = Stopwatch.StartNew();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_] && await _group.FreeAsync() == 0);
        Assert.True(clock.Elapsed < TakeOver, $"It took {clock.Elapsed}.");
        position = await _group.PostAsync(wrong, 2);
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);

        Task<string?> EpochsAsync() => _group.Database.ScalarAsync<string>("select string_agg(share || ' ' || epoch, ',' order by share) from read_models.lease");

        static void Near(string time) =>
            Assert.InRange(DateTime.Parse(time, CultureInfo.InvariantCulture) - DateTime.UtcNow, TimeSpan.FromMinutes(-1), TimeSpan.FromMinutes(1));

        static async Task<string> ValueAsync(HttpResponseMessage answer, string field)
        {
            var body = System.Text.Json.JsonElement.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            return (body.ValueKind == System.Text.Json.JsonValueKind.Array ? body[0] : body).GetProperty(field).GetString()!;
        }
    }

    [Fact]
    public async Task An_alarm_is_told_once_by_two_processes_and_by_the_other_one_when_its_own_was_killed()
    {
        var called = new ConcurrentQueue<string>();
        await using var webhook = await WebhookAsync(called);
        var first = await _group.StartAsync();
        var second = await _group.StartAsync();
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        for (var i = 0; i < 8; i++)
        {
            await _group.SendAsync(first, HttpMethod.Post, "/v2/alarms", $$"""
                {"name": "a{{i}}", "type": "threshold", "alarm_actions": ["{{webhook.Urls.Single()}}/{{i}}"], "state": "ok",
                 "threshold_rule": {"meter_name": "cpu", "threshold": 50, "comparison_operator": "gt", "period": 3600} }
                """);
        }
        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await _group.PostAsync(second, 90);

        await ServerGroup.UntilAsync(() => Task.FromResult(called.Distinct().Count() == 8));
        Assert.True(clock.Elapsed < TakeOver + TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}."); // an evaluation a second, and the webhooks
        var third = await _group.StartAsync(); // takes half of the shares: nothing is told again
        await ServerGroup.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        await _group.PostAsync(third, 91);
        var evaluated = await EvaluationsAsync();
        await ServerGroup.UntilAsync(async () => await EvaluationsAsync() >= evaluated + (3 * 8)); // three cycles of both
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
        var ingest = await _group.StartAsync("ingest");
        var storing = await _group.StartAsync("projections");
        var api = await _group.StartAsync("api");
        var position = await _group.PostAsync(ingest, 1);

        Assert.Equal(1, await _group.CountAsync(api, position));
        await ServerGroup.UntilAsync(async () => await _group.StoredAsync() >= position);
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
        var ingest = await _group.StartAsync("ingest");
        ServerProcess[] answering = [await _group.StartAsync("api,projections"), await _group.StartAsync("api")];
        await ServerGroup.UntilAsync(() => VisibleAsync(ingest)); // they have heard of each other
        var clock = Stopwatch.StartNew();
        for (var n = 1; n <= 20; n++)
        {
            var before = await _group.CountAsync(answering[0], 0);
            await _group.PostAsync(ingest, n);
            foreach (var api in answering)
                Assert.Equal(before + 1, await _group.CountAsync(api, 0)); // no position is asked for
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"20 posts took {clock.Elapsed}.");

        ServerGroup.Signal(answering[1], "STOP"); // it reads no more: the answer comes when the patience ends, and then without it
        clock.Restart();
        await _group.PostAsync(ingest, 21);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 20);
        await ServerGroup.UntilAsync(() => VisibleAsync(ingest));

        async Task<bool> VisibleAsync(ServerProcess server)
        {
            var asked = Stopwatch.StartNew();
            await _group.PostAsync(server, 0);
            return asked.Elapsed < TimeSpan.FromSeconds(1);
        }
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
}
