using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Reading;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>Several processes store ranges of one read model of samples by turns.</summary>
public sealed class PostgresRangesTests : IAsyncLifetime
{
    private static readonly int[] All = [.. Enumerable.Range(0, PostgresSampleTables.RangeCount)];

    private readonly InMemoryEventStore _log = new(TimeProvider.System);
    private readonly BruteForceReader _truth = new();
    private readonly List<RecordedEvent> _events = [];
    private readonly List<Process> _processes = [];
    private PostgresPlace _place = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _place = (PostgresPlace)await PostgresPlace.CreateAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
            process.Store.Dispose();
        await _place.DisposeAsync();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_processes_store_by_turns_is_what_one_process_stores_to_the_byte(int seed)
    {
        var random = new Random(seed);
        var samples = new RandomSamples(seed);
        int[] caches = [1, 200_000, 1 << 30];
        _processes.AddRange(caches.Select(bytes => new Process(this, bytes)));
        var refused = 0;
        for (var turn = 0; turn < 120; turn++)
        {
            var n = random.Next(_processes.Count);
            var process = _processes[n];
            switch (random.Next(8))
            {
                case 0:
                    await AppendAsync(Many(samples.Batch(1 + random.Next(3_000)), random));
                    break;
                case 1 or 2:
                    process.Apply(random.Next(4));
                    break;
                case 3 or 4:
                    Assert.True(process.Projection.Follow());
                    process.Projection.Flush([.. All.Where(_ => random.Next(3) == 0)]);
                    break;
                case 5: // somebody else may have stored some of it: then nothing is
                    try
                    {
                        process.Projection.Flush([.. All.Where(_ => random.Next(3) == 0)]);
                    }
                    catch (ReadModelTakenException)
                    {
                        refused++;
                    }
                    break;
                case 6:
                    process.Apply(int.MaxValue);
                    await process.CompareAsync(new(random.Next()), 1);
                    break;
                case 7 when random.Next(3) == 0: // killed and started again
                    process.Store.Dispose();
                    _processes[n] = new Process(this, caches[n]);
                    break;
            }
        }
        Assert.True(refused > 0, "No two processes stored the same range.");
        await AppendAsync(Many(samples.Batch(500), random));
        foreach (var process in _processes)
            process.Apply(int.MaxValue);
        Assert.True(_processes[0].Projection.Follow());
        _processes[0].Projection.Flush();

        await using var other = (PostgresPlace)await PostgresPlace.CreateAsync();
        using var one = (PostgresReadModels)other.Open();
        var alone = new SampleProjection(one, new(), NullLogger<SampleProjection>.Instance);
        alone.Load();
        foreach (var recorded in _events)
            alone.Apply(recorded);
        alone.Flush();
        var (expected, actual) = (Content(one), Content(_processes[0].Store));
        Assert.Contains(expected.Keys, key => key.StartsWith("blocks", StringComparison.Ordinal));
        Assert.Equal(expected.Keys.Order(), actual.Keys.Order());
        foreach (var (key, bytes) in expected)
            Assert.True(bytes.AsSpan().SequenceEqual(actual[key]), $"{key} differs.");

        _processes.Add(new Process(this, 1)); // begins with what is stored
        Assert.Equal(_events[^1].Position, _processes[^1].Projection.Position);
        foreach (var process in _processes)
            await process.CompareAsync(new(seed), 5);
    }

    [Fact]
    public async Task Memory_lets_go_of_what_another_process_has_stored_and_reads_it_out_of_the_tables()
    {
        Process storing = new(this, 1 << 30), following = new(this, 1);
        _processes.AddRange([storing, following]);
        var (samples, random) = (new RandomSamples(5), new Random(5));
        for (var i = 0; i < 20; i++)
            await AppendAsync(Many(samples.Batch(2_000), random));
        storing.Apply(int.MaxValue);
        following.Apply(int.MaxValue);
        storing.Projection.Flush();
        Assert.True(following.CachedBytes > 10_000);

        Assert.True(following.Projection.Follow());

        Assert.Equal(0, following.CachedBytes);
        await following.CompareAsync(samples, 10);
        following.Projection.Flush(); // nothing is left to store
        Assert.Equal(_events[^1].Position, await _place.Database.ScalarAsync<long>("select min(position) from read_models.projection_range"));
    }

    [Fact]
    public async Task A_process_that_begins_where_ranges_are_at_different_positions_reads_the_log_up_to_the_furthest_before_it_answers()
    {
        var storing = new Process(this, 1 << 30);
        _processes.Add(storing);
        var (samples, random) = (new RandomSamples(6), new Random(6));
        for (var i = 0; i < 30; i++)
        {
            await AppendAsync(Many(samples.Batch(1_000), random));
            storing.Apply(1);
            storing.Projection.Flush([i % 16]);
        }
        var projection = new Process(this, 1 << 30).Projection;
        using var runner = new ProjectionRunner(_log, [projection], new AllLeases(), new(), new ManualTime(), NullLogger<ProjectionRunner>.Instance);
        Assert.Equal((15, 30), (projection.Position, projection.ReadableFrom));

        await runner.StartAsync(Ct);

        Assert.Equal(30, projection.Position);
        await Answers.CompareSamplesAsync(_truth, new MeteringReader(projection, _log, new(), TimeProvider.System), new(Predicate.True, [], 100_000));
        await runner.StopAsync(Ct);
    }

    [Fact]
    public async Task A_generation_that_one_process_built_is_loaded_by_the_others_and_what_they_would_have_stored_of_the_old_one_is_refused()
    {
        Process building = new(this, 1 << 30), other = new(this, 1 << 30);
        _processes.AddRange([building, other]);
        var (samples, random) = (new RandomSamples(7), new Random(7));
        await AppendAsync(Many(samples.Batch(1_000), random));
        other.Apply(1);
        other.Projection.Flush([1, 2, 3]);
        using (var rebuild = building.Projection.BeginRebuild())
        {
            rebuild.Apply(_events[0]);
            rebuild.Complete();
        }

        Assert.Throws<ReadModelTakenException>(() => other.Projection.Flush([4]));
        Assert.False(other.Projection.Follow());
        using (var reload = other.Projection.BeginReload())
            reload.Complete();

        Assert.True(other.Projection.Follow());
        await AppendAsync(Many(samples.Batch(1_000), random));
        other.Apply(1);
        other.Projection.Flush();
        await other.CompareAsync(samples, 5);
    }

    [Fact]
    public async Task Of_two_rebuilds_at_the_same_time_the_one_that_is_ready_first_stays()
    {
        Process first = new(this, 1 << 30), second = new(this, 1 << 30);
        _processes.AddRange([first, second]);
        await AppendAsync(Many(new RandomSamples(8).Batch(100), new(8)));
        using var winning = first.Projection.BeginRebuild();
        using var losing = second.Projection.BeginRebuild();
        winning.Apply(_events[0]);
        losing.Apply(_events[0]);
        winning.Complete();

        Assert.Throws<ReadModelTakenException>(losing.Complete);

        Assert.True(first.Projection.Follow());
    }

    [Fact]
    public async Task Read_models_of_a_program_before_there_were_ranges_are_kept()
    {
        var process = new Process(this, 1 << 30);
        _processes.Add(process);
        await AppendAsync(Many(new RandomSamples(9).Batch(1_000), new(9)));
        process.Apply(1);
        process.Projection.Flush();
        await _place.Database.ExecuteAsync("""
            set search_path to read_models;
            alter table projection add position bigint;
            update projection set position = 1;
            insert into projection values ('events', 2, 99, 7);
            drop table projection_range;
            insert into lease values ('samples', 3, null, '-infinity');
            delete from migrations where version = 2;
            """);

        var later = new Process(this, 1 << 30);
        _processes.Add(later);

        Assert.Equal((1, 1), (later.Projection.Position, later.Projection.ReadableFrom));
        await later.CompareAsync(new(9), 3);
        Assert.Equal(7, await _place.Database.ScalarAsync<long>("select position from read_models.projection_range where projection = 'events'"));
        Assert.Equal(0, await _place.Database.ScalarAsync<long>("select count(*) from read_models.lease where share = 'samples'"));
    }

    /// <summary>The same samples of many more resources, so that there are series in every range, some of them with many samples; with more versions of metadata.</summary>
    private static SampleBatch Many(SampleBatch batch, Random random) => new(
        [.. batch.Series.Select(k => new SeriesKey(k.Meter, k.Type, k.Unit, $"{k.ResourceId}-{random.Next(random.Next(3) == 0 ? 80 : 1)}", k.ProjectId, k.UserId, k.Source))],
        batch.Timestamps, batch.Volumes,
        [.. batch.Metadata.Select(metadata => random.Next(50) == 0 ? Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"n":{{random.Next(200)}}}""")) : metadata)],
        batch.MessageIds);

    private async Task AppendAsync(SampleBatch batch)
    {
        var streams = batch.Streams().Select(s => new StreamExpectation(s)).ToList();
        var result = await _log.AppendAsync([new NewEvent(EventId.New(), "samples-recorded", new EventBody.Samples(batch), streams)], Ct);
        _events.Add((await _log.FindAsync(result.Position, Ct))!);
        _truth.Apply(_events[^1]);
    }

    /// <summary>Everything that is stored, by table and key; blocks of a series one after the other, whatever flush brought them.</summary>
    private static Dictionary<string, byte[]> Content(PostgresReadModels store)
    {
        var content = new Dictionary<string, byte[]>();
        var generation = store.Find("samples")!.Value.Generation;
        var tables = store.SampleTables(new("samples", 1, generation));
        foreach (var (id, text) in tables.Strings())
            content[$"string {id}"] = System.Text.Encoding.UTF8.GetBytes(text);
        foreach (var row in tables.Series())
            content[$"series {row.Id}"] = System.Text.Encoding.UTF8.GetBytes(row.ToString());
        foreach (var (series, state) in tables.States())
            content[$"state {series}"] = state;
        foreach (var blocks in tables.SegmentsBackwards().GroupBy(s => (s.Series, s.Kind)))
            content[$"blocks {blocks.Key}"] = [.. blocks.OrderBy(s => s.First).SelectMany(s => s.Data)];
        foreach (var (id, json) in store.Query($"select id, json from metadata_samples_{generation}", r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1))))
            content[$"metadata {id}"] = json;
        foreach (var (position, filter) in store.Query($"select position, filter from foreign_ids_samples_{generation}", r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1))))
            content[$"foreign ids {position}"] = filter;
        return content;
    }

    private sealed class Process
    {
        private readonly PostgresRangesTests _test;
        private readonly MeteringReader _reader;

        public Process(PostgresRangesTests test, long cacheBytes)
        {
            _test = test;
            Store = (PostgresReadModels)test._place.Open();
            Projection = new(Store, new() { CacheBytes = cacheBytes }, NullLogger<SampleProjection>.Instance);
            Projection.Load();
            _reader = new(Projection, test._log, new(), TimeProvider.System);
        }

        public PostgresReadModels Store { get; }

        public SampleProjection Projection { get; }

        public long CachedBytes
        {
            get
            {
                using var reading = Projection.Read();
                return reading.Model.CachedBytes;
            }
        }

        public void Apply(int events)
        {
            foreach (var recorded in _test._events.Where(e => e.Position > Projection.Position).Take(events))
                Projection.Apply(recorded);
        }

        public async Task CompareAsync(RandomSamples samples, int queries)
        {
            var random = new RandomQueries(samples);
            for (var i = 0; i < queries; i++)
            {
                await Answers.CompareSamplesAsync(_test._truth, _reader, random.Samples());
                await Answers.CompareStatisticsAsync(_test._truth, _reader, random.Statistics());
                var list = random.List();
                Assert.Equal(await _test._truth.MetersAsync(list, Ct), await _reader.MetersAsync(list, Ct));
            }
        }
    }
}
