using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Tests.Samples;

public sealed class MeteringReaderTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 12)];

    [Fact]
    public async Task More_rows_than_an_answer_holds_are_refused()
    {
        await using var model = new ReadModel();
        await FillAsync(model, StatisticsQuery.MaxRows + 1);
        var query = new StatisticsQuery(Predicate.True, TimeRange.Always, 1, null, [], []);
        await Assert.ThrowsAsync<TooManyRowsException>(async () => await model.Reader.StatisticsAsync(query, Ct));
        var fits = await model.Reader.StatisticsAsync(query with { Range = new(null, RandomSamples.Start + 10 * UnixMicroseconds.PerSecond) }, Ct);
        Assert.Equal(10, fits.Count);
    }

    [Fact]
    public async Task A_period_that_the_calendar_cannot_hold_is_an_error_only_where_there_are_samples()
    {
        await using var model = new ReadModel();
        await FillAsync(model, 10);
        var query = new StatisticsQuery(Predicate.True, TimeRange.Always, long.MaxValue, RandomSamples.Start, [], []);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await model.Reader.StatisticsAsync(query, Ct));
        Assert.Empty(await model.Reader.StatisticsAsync(query with { Filter = Predicate.Equal(Field.Meter, "none") }, Ct));
    }

    [Fact]
    public void A_query_ends_when_its_time_is_used_up_or_its_caller_is_gone()
    {
        var time = new ManualTime();
        using var gone = new CancellationTokenSource();
        var budget = new QueryBudget(time, TimeSpan.FromSeconds(2), gone.Token);
        budget.Check();
        time.Advance(TimeSpan.FromSeconds(3));
        Assert.Equal("The query took longer than 2 s. Narrow its filter or its time.", Assert.Throws<TimeoutException>(budget.Check).Message);
        gone.Cancel();
        Assert.Throws<OperationCanceledException>(budget.Check);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Every_answer_equals_brute_force_over_the_samples(int seed)
    {
        // A cache too small for anything lets most blocks come from the file.
        await using var model = new ReadModel(cacheBytes: seed % 3 == 0 ? 2_000 : 192 << 20);
        var samples = new RandomSamples(seed);
        for (var round = 0; round < 8; round++)
        {
            for (var batches = samples.Next(6); batches >= 0; batches--)
                await model.AppendAsync(samples.Batch(1 + samples.Next(600)));
            switch (samples.Next(4))
            {
                case 0:
                    model.Projection.Flush();
                    break;
                case 1:
                    model.Projection.Flush();
                    await model.ReopenAsync();
                    break;
                case 2:
                    await model.ReopenAsync();
                    break;
            }
            await Answers.CompareAsync(model, samples, 12);
        }
    }

    /// <summary>One sample a second of one series.</summary>
    private static async Task FillAsync(ReadModel model, int count)
    {
        var key = new SeriesKey("cpu", SampleType.Gauge, "%", "r1", "p1", "u1", "s");
        await model.AppendAsync(new(
            Enumerable.Repeat(key, count).ToArray(), Enumerable.Range(0, count).Select(i => RandomSamples.Start + i * UnixMicroseconds.PerSecond).ToArray(),
            new double[count], Enumerable.Repeat(Metadata.Empty, count).ToArray()));
    }
}
