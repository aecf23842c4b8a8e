using System.Diagnostics;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Several processes on one PostgreSQL database: one is killed or stopped where it is, the others go on.</summary>
public sealed class ManyProcessesTests : IAsyncLifetime
{
    internal static readonly TimeSpan TakeOver = TimeSpan.FromSeconds(10);

    private ServerGroup _group = null!;

    public async ValueTask InitializeAsync() => _group = await ServerGroup.CreateAsync();

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    [Fact]
    public async Task What_one_process_took_in_another_answers_and_a_killed_ones_work_is_taken_over_within_ten_seconds()
    {
        var first = await _group.StartAsync();
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_]);
        var second = await _group.StartAsync();
        await _group.DividedAsync();
        var position = await _group.PostAsync(first, 1);
        Assert.Equal(1, await _group.CountAsync(second, position));
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position); // each its ranges

        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_] && await _group.FreeAsync() == 0);
        Assert.True(clock.Elapsed < TakeOver, $"It took {clock.Elapsed}.");

        position = await _group.PostAsync(second, 2);
        Assert.Equal(2, await _group.CountAsync(second, position));
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);
    }

    [Fact]
    public async Task A_process_that_stood_still_until_its_lease_was_over_stores_nothing_and_catches_up()
    {
        var first = await _group.StartAsync("api,ingest,projections");
        await _group.PostAsync(first, 1);
        var before = Assert.Single(await _group.HoldersAsync());
        var second = await _group.StartAsync("api,ingest,projections");
        await _group.DividedAsync();
        var other = (await _group.HoldersAsync()).Single(holder => holder != before);
        var held = await _group.EpochsAsync(before);

        first.Signal("STOP");
        await Poll.UntilAsync(async () => (await _group.EpochsAsync(other)).Count == 16);
        var taken = await _group.EpochsAsync(other);
        Assert.All(held, share => Assert.Equal(share.Value + 1, taken[share.Key]));
        var position = await _group.PostAsync(second, 2);
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);
        first.Signal("CONT");

        Assert.Equal(2, await _group.CountAsync(first, position));
        await _group.DividedAsync();
        Assert.All(await _group.EpochsAsync(before), share => Assert.Equal(taken[share.Key] + 1, share.Value)); // it had to take them anew
        position = await _group.PostAsync(first, 3); // both have something that is not stored: only who holds a range may store it
        Assert.Equal(3, await _group.CountAsync(second, position));
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);

        // What is stored is right: a process that begins there gives the same answers.
        var third = await _group.StartAsync("api");
        Assert.Equal(3, await _group.CountAsync(third, position));
    }

    [Fact]
    public async Task An_alarm_is_told_once_by_two_processes_and_by_the_other_one_when_its_own_was_killed()
    {
        await using var webhook = await Webhook.StartAsync();
        var first = await _group.StartAsync();
        var second = await _group.StartAsync();
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        for (var i = 0; i < 8; i++)
        {
            await _group.SendAsync(first, HttpMethod.Post, "/v2/alarms", $$"""
                {"name": "a{{i}}", "type": "threshold", "alarm_actions": ["{{webhook.Url}}/{{i}}"], "state": "ok",
                 "threshold_rule": {"meter_name": "cpu", "threshold": 50, "comparison_operator": "gt", "period": 3600} }
                """);
        }
        await first.KillAsync();
        var clock = Stopwatch.StartNew();
        await _group.PostAsync(second, 90);

        await Poll.UntilAsync(() => webhook.Received.DistinctBy(call => call.Path).Count() == 8);
        Assert.True(clock.Elapsed < TakeOver + TimeSpan.FromSeconds(5), $"It took {clock.Elapsed}."); // an evaluation a second, and the webhooks
        var third = await _group.StartAsync(); // takes half of the shares: nothing is told again
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [_, _]);
        await _group.PostAsync(third, 91);
        var evaluated = await EvaluationsAsync();
        await Poll.UntilAsync(async () => await EvaluationsAsync() >= evaluated + (3 * 8)); // three cycles of both
        Assert.Equal(8, webhook.Received.Count);

        async Task<long> EvaluationsAsync()
        {
            var sum = 0L;
            foreach (var server in new[] { second, third })
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/v2/metrics?all_projects=true")) { Headers = { { "X-Roles", "admin" } } };
                using var answer = await _group.Client.SendAsync(request, TestContext.Current.CancellationToken);
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
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);
        using (var refused = await _group.Client.GetAsync(new Uri(ingest.Url, "/v2/samples"), TestContext.Current.CancellationToken))
            Assert.Equal(405, (int)refused.StatusCode);
        using (var refused = await _group.Client.GetAsync(new Uri(storing.Url, "/v2/samples"), TestContext.Current.CancellationToken))
            Assert.Equal(404, (int)refused.StatusCode);
        using var late = new HttpRequestMessage(HttpMethod.Get, new Uri(api.Url, "/v2/samples")) { Headers = { { "Telemetry-Position", "1000000" } } };
        var clock = Stopwatch.StartNew();
        using var answer = await _group.Client.SendAsync(late, TestContext.Current.CancellationToken);
        Assert.Equal(503, (int)answer.StatusCode);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 20);
    }

    [Fact]
    public async Task An_answer_of_a_process_that_only_takes_samples_in_comes_when_every_process_that_answers_has_them()
    {
        var ingest = await _group.StartAsync("ingest");
        ServerProcess[] answering = [await _group.StartAsync("api,projections"), await _group.StartAsync("api")];
        await Poll.UntilAsync(() => VisibleAsync(ingest)); // they have heard of each other
        var clock = Stopwatch.StartNew();
        for (var n = 1; n <= 20; n++)
        {
            var before = await _group.CountAsync(answering[0], 0);
            await _group.PostAsync(ingest, n);
            foreach (var api in answering)
                Assert.Equal(before + 1, await _group.CountAsync(api, 0)); // no position is asked for
        }
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"20 posts took {clock.Elapsed}.");

        answering[1].Signal("STOP"); // it reads no more: the answer comes when the patience ends, and then without it
        clock.Restart();
        await _group.PostAsync(ingest, 21);
        Assert.InRange(clock.Elapsed.TotalSeconds, 1.9, 20);
        await Poll.UntilAsync(() => VisibleAsync(ingest));

        async Task<bool> VisibleAsync(ServerProcess server)
        {
            var asked = Stopwatch.StartNew();
            await _group.PostAsync(server, 0);
            return asked.Elapsed < TimeSpan.FromSeconds(1);
        }
    }
}
