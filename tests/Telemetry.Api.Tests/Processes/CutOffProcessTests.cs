using System.Diagnostics;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>One of two processes on one PostgreSQL database can no longer reach it.</summary>
public sealed class CutOffProcessTests : IAsyncLifetime
{
    private ServerGroup _group = null!;

    public async ValueTask InitializeAsync() => _group = await ServerGroup.CreateAsync();

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    [Theory]
    [InlineData("select pg_advisory_xact_lock", "delete from member")] // it prolongs its leases, and no other process can meanwhile
    [InlineData("from projection where name = $1 for share", "select share from lease")] // it stores, up to the question whether it may
    [InlineData("select share from lease", "COMMIT")] // it stores, and has been told that it may
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
        await _group.DividedAsync();
        var held = await _group.EpochsAsync(before);
        var position = await _group.PostAsync(first, 1); // to be stored in a moment
        var cut = link.CutBeforeAsync(cutBefore);
        Assert.Equal(1, await _group.CountAsync(second, position));
        await cut.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        var clock = Stopwatch.StartNew();
        await Poll.UntilAsync(async () => await _group.HoldersAsync() is [var holder] && holder != before);
        Assert.True(clock.Elapsed < ManyProcessesTests.TakeOver, $"It took {clock.Elapsed}.");
        using (var refused = await _group.Client.PostAsync(new Uri(first.Url, "/v2/meters/cpu"), new StringContent("""
            [{"counter_name": "cpu", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 9, "resource_id": "cut", "project_id": "p", "user_id": "u"}]
            """, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken))
        {
            Assert.Equal(503, (int)refused.StatusCode);
            Assert.NotNull(refused.Headers.RetryAfter);
        }
        position = await _group.PostAsync(second, 2);
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);
        var other = (await _group.HoldersAsync()).Single();
        Assert.Equal(16, (await _group.EpochsAsync(other)).Count);

        link.Mend(); // all that the first had sent arrives
        Assert.Equal(2, await _group.CountAsync(first, position));
        position = await _group.PostAsync(first, 3);
        Assert.Equal(3, await _group.CountAsync(second, position));
        await Poll.UntilAsync(async () => await _group.StoredAsync() >= position);
        await _group.DividedAsync();
        Assert.All(await _group.EpochsAsync(before), share => Assert.True(share.Value > held.GetValueOrDefault(share.Key))); // nothing under a lease of before
        Assert.Equal(3, await _group.CountAsync(await _group.StartAsync("api"), position)); // out of the tables
    }
}
