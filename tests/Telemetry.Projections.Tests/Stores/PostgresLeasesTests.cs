using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Leases;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Stores;

public sealed class PostgresLeasesTests : IAsyncLifetime
{
    private static readonly Dictionary<string, IReadOnlyList<string>> Work = new()
    {
        ["samples"] = HashRanges.Shares("samples", PostgresSampleTables.RangeCount),
        ["alarms"] = [.. Enumerable.Range(0, 6).Select(n => $"alarms-{n}")],
    };

    private PostgresPlace _place = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _place = (PostgresPlace)await PostgresPlace.CreateAsync();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task Shares_are_divided_equally_and_given_back_at_the_end()
    {
        using var first = Leases();
        using var second = Leases();
        await first.BeatAsync(Ct);
        Assert.Equal(22, Held(first));
        await second.BeatAsync(Ct);
        Assert.Equal(0, Held(second));
        await first.BeatAsync(Ct);
        await second.BeatAsync(Ct);
        Assert.Equal((11, 11), (Held(first), Held(second)));

        await first.StopAsync(Ct);
        await second.BeatAsync(Ct);
        Assert.Equal((0, 22), (Held(first), Held(second)));
    }

    [Fact]
    public async Task A_share_that_is_kept_goes_to_another_process_once_it_no_longer_is_and_after_ten_seconds_all_the_same()
    {
        using var first = Leases();
        using var second = Leases();
        await first.BeatAsync(Ct);
        var kept = Work["alarms"].Select(first.Keep).ToList();
        await second.BeatAsync(Ct);
        await first.BeatAsync(Ct);
        Assert.Equal(14, Held(first));

        kept[4].Dispose();
        await first.BeatAsync(Ct);
        Assert.Equal(13, Held(first));
        Assert.False(first.Holds("alarms-4"));

        for (var beat = 3; beat <= 10; beat++)
            await first.BeatAsync(Ct);
        Assert.Equal(13, Held(first));
        await first.BeatAsync(Ct);
        await second.BeatAsync(Ct);
        Assert.Equal((11, 11), (Held(first), Held(second)));
    }

    [Fact]
    public async Task What_a_process_stores_whose_lease_is_over_is_refused_by_the_database_whatever_the_process_believes()
    {
        using var first = Leases();
        using var second = Leases();
        await first.BeatAsync(Ct);
        using var store = new PostgresReadModels(_place.Database.ConnectionString, first);
        var projection = new SampleProjection(store, new(), NullLogger<SampleProjection>.Instance);
        projection.Load();
        await using var model = new ReadModel();
        projection.Apply(await model.AppendAsync(new RandomSamples(1).Batch(100)));
        await _place.Database.ExecuteAsync("update read_models.lease set expires_at = clock_timestamp()");
        Assert.True(first.Holds("samples-07"));
        Assert.Throws<ReadModelTakenException>(projection.Flush);
        await second.BeatAsync(Ct);
        Assert.True(second.Holds("samples-07"));
        Assert.Throws<ReadModelTakenException>(projection.Flush);
        Assert.Equal(0, await _place.Database.ScalarAsync<long>("select max(position) from read_models.projection_range"));

        await first.BeatAsync(Ct); // hears that it is over
        Assert.False(first.Holds("samples-07"));
    }

    [Theory]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task A_clock_that_is_minutes_off_changes_neither_the_time_nor_who_holds_what(int minutes)
    {
        var wrong = new DatabaseTime(new OffClock(TimeSpan.FromMinutes(minutes)));
        using var right = Leases();
        using var off = Leases(wrong);
        await right.BeatAsync(Ct);
        await off.BeatAsync(Ct);
        await right.BeatAsync(Ct);
        await off.BeatAsync(Ct);

        Assert.Equal((11, 11), (Held(right), Held(off)));
        Assert.InRange((wrong.GetUtcNow() - TimeProvider.System.GetUtcNow()).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    private PostgresLeases Leases(DatabaseTime? time = null) =>
        new(_place.Database.ConnectionString, "test", Work, time ?? new(TimeProvider.System), NullLogger<PostgresLeases>.Instance);

    private static int Held(PostgresLeases leases) => Work.Values.SelectMany(s => s).Count(leases.Holds);

    private sealed class OffClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
