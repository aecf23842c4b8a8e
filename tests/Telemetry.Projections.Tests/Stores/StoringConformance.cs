using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>What every store does with the samples' read model: it is stored whole or not at all, and answers as the samples themselves do.</summary>
public abstract class StoringConformance
{
    private protected abstract Task<StorePlace> PlaceAsync();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> Steps =>
        ["strings", "series", "metadata", "states", "segments", "foreign ids", "checkpoint", "commit", "committed"];

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_crash_at_any_step_of_a_flush_leaves_a_model_that_catches_up_exactly(string step)
    {
        await using var model = new ReadModel(await PlaceAsync());
        var samples = new RandomSamples(1);
        await FillAsync(model, samples, 5);
        model.Projection.Flush();
        var before = model.Projection.Position;
        await FillAsync(model, samples, 5);
        model.Step = at => _ = at == step ? throw new InvalidOperationException("crash") : 0;
        Assert.Throws<InvalidOperationException>(model.Projection.Flush);
        model.Step = null;

        await model.ReopenAsync();

        Assert.True(model.Projection.Position > before);
        await Answers.CompareAsync(model, samples, 10);
    }

    /// <summary>After its commit a flush cannot fail but by a crash.</summary>
    public static TheoryData<string> StepsBeforeCommit => [.. Steps.Select(s => s.Data).Where(s => s != "committed")];

    [Theory]
    [MemberData(nameof(StepsBeforeCommit))]
    public async Task A_flush_that_failed_is_made_up_for_by_the_next(string step)
    {
        await using var model = new ReadModel(await PlaceAsync(), 2_000);
        var samples = new RandomSamples(2);
        await FillAsync(model, samples, 5);
        model.Step = at => _ = at == step ? throw new IOException("disk full") : 0;
        Assert.Throws<IOException>(model.Projection.Flush);
        await FillAsync(model, samples, 3);
        Assert.Throws<IOException>(model.Projection.Flush);
        model.Step = null;
        await Answers.CompareAsync(model, samples, 5);

        model.Projection.Flush();
        var stored = model.Projection.Position;
        await Answers.CompareAsync(model, samples, 5);
        await model.ReopenAsync();

        Assert.Equal(stored, model.Projection.Position);
        await Answers.CompareAsync(model, samples, 10);
    }

    [Fact]
    public async Task Deleted_tables_give_the_same_answers_after_a_restart()
    {
        await using var model = new ReadModel(await PlaceAsync());
        var samples = new RandomSamples(3);
        await FillAsync(model, samples, 10);
        model.Projection.Flush();

        await model.ReopenAsync(delete: true);

        await Answers.CompareAsync(model, samples, 15);
    }

    [Fact]
    public async Task Blocks_that_memory_has_no_room_for_come_from_the_tables()
    {
        await using var model = new ReadModel(await PlaceAsync(), 1);
        var samples = new RandomSamples(4);
        for (var i = 0; i < 5; i++)
        {
            await FillAsync(model, samples, 4);
            model.Projection.Flush();
        }
        using (var reading = model.Projection.Read())
            Assert.Equal(0, reading.Model.CachedBytes);
        await Answers.CompareAsync(model, samples, 15);
    }

    [Fact]
    public async Task Metadata_beyond_what_memory_keeps_is_found_again_under_its_number()
    {
        await using var model = new ReadModel(await PlaceAsync());
        var key = new SeriesKey("cpu", SampleType.Gauge, "%", "r1", "p1", "u1", "s");
        var versions = Enumerable.Range(0, 60_000).Select(i => Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"n":{{i}}}"""))).ToArray();
        for (var round = 0; round < 2; round++)
        {
            await model.AppendAsync(new(
                Enumerable.Repeat(key, versions.Length).ToArray(), Enumerable.Range(0, versions.Length).Select(i => (long)i * 1_000_000).ToArray(),
                new double[versions.Length], versions));
            model.Projection.Flush();
        }
        await model.ReopenAsync();
        using (var reading = model.Projection.Read())
            Assert.Equal(versions.Length, reading.Model.Tables.Last().Metadata);
        await Answers.CompareSamplesAsync(model, new(new Predicate.Compare(Field.Metadata("n"), Comparison.Less, QueryValue.Of(50L)), [], 1_000));
    }

    [Fact]
    public async Task Readers_see_a_batch_whole_or_not_at_all_while_others_are_applied_and_stored()
    {
        await using var model = new ReadModel(await PlaceAsync(), 20_000);
        var batches = new List<SampleBatch>();
        var keys = Enumerable.Range(0, 50).Select(i => new SeriesKey("cpu", SampleType.Gauge, "%", $"r{i}", $"p{i % 3}", "u", "s")).ToArray();
        for (var n = 0; n < 400; n++)
        {
            batches.Add(new(
                keys, Enumerable.Repeat(RandomSamples.Start + n * 60 * UnixMicroseconds.PerSecond, 50).ToArray(),
                Enumerable.Repeat((double)n, 50).ToArray(), Enumerable.Repeat(Metadata.Empty, 50).ToArray()));
        }
        var writing = Task.Run(async () =>
        {
            foreach (var (n, batch) in batches.Index())
            {
                await model.AppendAsync(batch);
                if (n % 40 == 39)
                    model.Projection.Flush();
            }
        }, Ct);
        var reads = 0;
        long seen = 0;
        while (!writing.IsCompleted || reads == 0)
        {
            foreach (var period in new long?[] { null, 3_600, 7_000 })
            {
                var rows = await model.Reader.StatisticsAsync(new(Predicate.True, TimeRange.Always, period, RandomSamples.Start, [], []), Ct);
                var count = rows.Sum(r => r.Total.Count);
                Assert.Equal(0, count % 50);
                Assert.True(count >= seen, "A reader saw less than one before it.");
                Assert.All(rows.Where(r => r.Total.LastAt == r.Total.FirstAt), r => Assert.Equal(0, r.Total.M2));
                seen = count;
            }
            var newest = await model.Reader.SamplesAsync(new(Predicate.True, [], 50), Ct);
            Assert.True(newest.Select(s => s.Timestamp).Distinct().Count() <= 1);
            reads++;
        }
        await writing;
        await Answers.CompareStatisticsAsync(model, new StatisticsQuery(Predicate.True, TimeRange.Always, 86_400, null, [Field.ProjectId], []));
    }

    private static async Task FillAsync(ReadModel model, RandomSamples samples, int batches)
    {
        for (var i = 0; i < batches; i++)
            await model.AppendAsync(samples.Batch(1 + samples.Next(600)));
    }
}
