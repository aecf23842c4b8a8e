using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Past;
using Telemetry.Projections.Running;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Past;

public sealed class PastReadModelsTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Every_answer_equals_brute_force_over_what_was_recorded_until_then(int seed)
    {
        var time = new ManualTime();
        var log = new InMemoryEventStore(time);
        var samples = new RandomSamples(seed);
        var random = new RandomQueries(samples);
        for (var n = 0; n < 30; n++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            var batch = samples.Batch(1 + samples.Next(100));
            await log.AppendAsync([new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])], Ct);
        }
        using var past = Past(log);
        for (var run = 0; run < 25; run++)
        {
            AsOf asOf = run % 2 == 0 ? new(samples.Next(32), null) : new(null, new DateTimeOffset(2026, 1, 1, 0, samples.Next(32), 30, TimeSpan.Zero));
            var truth = new BruteForceReader();
            await foreach (var e in log.ReadAllAsync(ct: Ct))
            {
                if (asOf.Includes(e))
                    truth.Apply(e);
            }
            var statistics = random.Statistics();
            // As a caller's scope does it: mostly of one project.
            if (run % 3 > 0)
                statistics = statistics with { Filter = Predicate.And(Predicate.Equal(Field.ProjectId, samples.Of(RandomSamples.Projects)), statistics.Filter) };

            using var then = await past.MeteringAsync(asOf, statistics.Filter, statistics.Range, Ct);

            await Answers.CompareStatisticsAsync(truth, then.Reader, statistics);
            if (statistics.Range == TimeRange.Always)
                await Answers.CompareSamplesAsync(truth, then.Reader, new SampleQuery(statistics.Filter, [], 50));
        }
    }

    [Fact]
    public async Task A_question_that_would_replay_too_much_is_refused()
    {
        var log = new InMemoryEventStore(new ManualTime());
        var batch = new RandomSamples(1).Batch(2_000);
        await log.AppendAsync([new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])], Ct);
        using var past = Past(log, maxSamples: 1_999);

        var refused = await Assert.ThrowsAsync<PastTooLargeException>(() => past.MeteringAsync(new(9, null), Predicate.True, TimeRange.Always, Ct));

        Assert.Contains("1999 samples", refused.Message, StringComparison.Ordinal);
        using var later = await past.MeteringAsync(new(0, null), Predicate.True, TimeRange.Always, Ct); // its place is free again
    }

    [Fact]
    public async Task More_questions_at_a_time_than_allowed_are_refused()
    {
        using var past = Past(new InMemoryEventStore(new ManualTime()));
        using (await past.MeteringAsync(default, Predicate.True, TimeRange.Always, Ct))
            await Assert.ThrowsAsync<PastBusyException>(() => past.MeteringAsync(default, Predicate.True, TimeRange.Always, Ct));
        using var later = await past.MeteringAsync(default, Predicate.True, TimeRange.Always, Ct);
    }

    [Fact]
    public async Task Only_the_streams_of_the_questions_project_and_months_are_replayed()
    {
        var log = new InMemoryEventStore(new ManualTime());
        var start = UnixMicroseconds.From(new(2026, 10, 31, 23, 0, 0, TimeSpan.Zero));
        foreach (var project in (string[])["p", "p-2", "p-2026-11"])
        {
            var key = new SeriesKey("m", SampleType.Gauge, null, "r", project, null, "s");
            var batch = new SampleBatch([key, key], [start, start + (2 * UnixMicroseconds.PerHour)], [1, 2], [Metadata.Empty, Metadata.Empty]);
            foreach (var n in new[] { 0, 1 }) // a batch a month
            {
                var one = new SampleBatch([batch.Series[n]], [batch.Timestamps[n]], [batch.Volumes[n]], [batch.Metadata[n]]);
                await log.AppendAsync([new(EventId.New(), "samples-recorded", new EventBody.Samples(one), [.. one.Streams().Select(s => new StreamExpectation(s))])], Ct);
            }
        }
        using var past = Past(log, maxSamples: 1);

        using var then = await past.MeteringAsync(new(99, null), Predicate.Equal(Field.ProjectId, "p"), new(start + UnixMicroseconds.PerHour, null), Ct);

        Assert.Equal(1, (await then.Reader.StatisticsAsync(new(Predicate.True, TimeRange.Always, null, null, [], []), Ct))[0].Total.Count);
    }

    private static PastReadModels Past(IEventStore log, long maxSamples = 1_000_000) =>
        new(log, new ProjectionsOptions(), new PastOptions { MaxSamples = maxSamples, MaxConcurrent = 1 }, TimeProvider.System);
}
