using Microsoft.Extensions.Logging;
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
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>What the runner does on every store: it follows the log, stores, goes on after a restart, and rebuilds beside.</summary>
public abstract class RunningConformance : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private readonly ManualTime _time = new();
    private readonly InMemoryEventStore _log = new(TimeProvider.System);
    private readonly RandomSamples _samples = new(1);
    private readonly ProjectionsOptions _options = new() { FlushSamples = 1_000 };
    private readonly List<IReadModelStore> _stores = [];

    private protected StorePlace Place { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Place = await PlaceAsync();

    private protected abstract Task<StorePlace> PlaceAsync();

    /// <summary>What makes the stored read model unfit, with every store closed.</summary>
    private protected abstract void Damage(string fault);

    [Fact]
    public async Task What_was_in_the_log_at_the_start_is_there_when_it_has_caught_up()
    {
        var position = await AppendAsync(20);
        var (runner, projection, reader) = Open();
        Assert.False(runner.IsCaughtUp);
        await runner.StartAsync(Ct);

        Assert.True(await runner.WaitForAsync(position, Long, Ct));

        Assert.True(runner.IsCaughtUp);
        Assert.Equal(position, projection.Position);
        Assert.NotEmpty(await reader.SamplesAsync(new(Predicate.True, [], 10), Ct));
        var progress = Assert.Single(await runner.ProgressAsync(Ct));
        Assert.Equal((ProjectionState.Running, position, position), (progress.State, progress.Position, progress.Head));
        await runner.StopAsync(Ct);
    }

    [Fact]
    public async Task A_caller_waits_for_its_own_write_and_no_longer_than_it_wants()
    {
        var (runner, _, _) = Open();
        await runner.StartAsync(Ct);
        var first = runner.WaitForAsync(1, Long, Ct);
        Assert.False(first.IsCompleted);
        await AppendAsync(1);
        Assert.True(await first);

        var second = runner.WaitForAsync(2, TimeSpan.FromSeconds(2), Ct);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.False(await second);
        await runner.StopAsync(Ct);
    }

    [Fact]
    public async Task Stopping_stores_everything_and_a_restart_goes_on_from_there()
    {
        var position = await AppendAsync(5);
        var (runner, _, _) = Open();
        await runner.StartAsync(Ct);
        Assert.True(await runner.WaitForAsync(position, Long, Ct));
        await runner.StopAsync(Ct);

        var (_, projection, _) = Open();
        projection.Load();
        Assert.Equal(position, projection.Position);
    }

    [Fact]
    public async Task Quiet_seconds_are_used_to_store()
    {
        _options.FlushSamples = 100_000_000;
        var stored = new TaskCompletionSource();
        var (runner, _, _) = Open(step: name => _ = name == "committed" && stored.TrySetResult());
        await runner.StartAsync(Ct);
        Assert.True(await runner.WaitForAsync(await AppendAsync(1), Long, Ct));
        _time.Advance(TimeSpan.FromSeconds(_options.FlushAfterSeconds));
        await stored.Task.WaitAsync(Long, Ct);
        await runner.StopAsync(Ct);
    }

    [Fact]
    public async Task An_event_that_cannot_be_applied_stops_the_projection_loudly_and_is_not_skipped()
    {
        var log = new Lines();
        var projection = new Poisoned(at: 2);
        using var runner = new ProjectionRunner(_log, [projection], new AllLeases(), _options, _time, log);
        await runner.StartAsync(Ct);
        var waiting = runner.WaitForAsync(3, Long, Ct);
        await AppendAsync(3);

        Assert.False(await waiting);

        var progress = Assert.Single(await runner.ProgressAsync(Ct));
        Assert.Equal((ProjectionState.Failed, 1L, 3L), (progress.State, progress.Position, progress.Head));
        Assert.Equal("At event 2: poison", progress.Failure);
        Assert.Contains(log.Entries, e => e.Level == LogLevel.Critical && e.Text.Contains("cannot apply event 2", StringComparison.Ordinal));
        Assert.False(runner.IsCaughtUp);
        Assert.False(await runner.WaitForAsync(3, Long, Ct));
        await runner.StopAsync(Ct);
    }

    [Fact]
    public async Task A_disk_that_is_full_does_not_stop_the_projecting()
    {
        var full = true;
        var (runner, projection, _) = Open(step: _ =>
        {
            if (full)
                throw new IOException("disk full");
        });
        await runner.StartAsync(Ct);
        var position = await AppendAsync(40);
        Assert.True(await runner.WaitForAsync(position, Long, Ct));
        full = false;
        await runner.StopAsync(Ct);

        Assert.Equal(0, projection.FlushPressure);
        var (_, again, _) = Open();
        again.Load();
        Assert.Equal(position, again.Position);
    }

    [Fact]
    public async Task A_rebuild_beside_the_live_projection_answers_all_along_and_ends_with_the_same_answers()
    {
        await AppendAsync(60);
        var (runner, projection, reader) = Open();
        await runner.StartAsync(Ct);
        Assert.True(await runner.WaitForAsync(60, Long, Ct));
        var query = new SampleQuery(Predicate.Equal(Field.Meter, "cpu"), [], 20);
        var before = await reader.SamplesAsync(query, Ct);
        Assert.NotEmpty(before);

        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 60; i++)
            {
                await AppendAsync(1);
                Assert.NotEmpty(await reader.SamplesAsync(query, Ct));
            }
        }, Ct);
        var progress = new Told();
        await runner.RebuildAsync("samples", progress, Ct);
        await runner.RebuildAsync("samples", ct: Ct);
        await writing;
        Assert.True(await runner.WaitForAsync(120, Long, Ct));

        Assert.Equal(progress.Last.Position, progress.Last.Head);
        Assert.True(progress.Last.Samples > 0);
        await CompareAsync(reader);
        await runner.StopAsync(Ct);
        Assert.Single(Place.Tables(), t => t.StartsWith("state_samples_", StringComparison.Ordinal));

        var (_, again, reopened) = Open();
        again.Load();
        Assert.Equal(120, again.Position);
        await CompareAsync(reopened);
    }

    [Fact]
    public async Task A_rebuild_needs_no_started_runner_and_names_what_there_is()
    {
        await AppendAsync(10);
        var (runner, projection, reader) = Open();
        await runner.RebuildAsync("samples", ct: Ct);
        Assert.Equal(10, projection.Position);
        await CompareAsync(reader);

        var e = await Assert.ThrowsAsync<ArgumentException>(() => runner.RebuildAsync("sample", ct: Ct));
        Assert.Contains("There is no projection 'sample'. There are: samples.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_rebuild_that_is_cancelled_leaves_the_live_tables_alone()
    {
        await AppendAsync(10);
        var (runner, projection, reader) = Open();
        await runner.RebuildAsync("samples", ct: Ct);
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runner.RebuildAsync("samples", ct: cancelled.Token));
        Assert.Equal(10, projection.Position);
        await CompareAsync(reader);
        Assert.Single(Place.Tables(), t => t.StartsWith("state_samples_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("ahead")] // of another log, which was longer
    [InlineData("other version")] // built by other code
    [InlineData("missing table")]
    public async Task A_read_model_that_does_not_fit_is_built_anew(string fault)
    {
        var position = await AppendAsync(30);
        var (first, _, _) = Open();
        await first.StartAsync(Ct);
        Assert.True(await first.WaitForAsync(position, Long, Ct));
        await first.StopAsync(Ct);
        Close();
        Damage(fault);

        var (runner, projection, reader) = Open();
        await runner.StartAsync(Ct);
        Assert.True(await runner.WaitForAsync(position, Long, Ct));
        Assert.Equal(position, projection.Position);
        await CompareAsync(reader);
        await runner.StopAsync(Ct);
    }

    [Theory]
    [InlineData("other version")]
    [InlineData("missing table")]
    public async Task A_rebuild_without_a_started_runner_replaces_whatever_is_stored(string fault)
    {
        var position = await AppendAsync(30);
        var (first, _, _) = Open();
        await first.RebuildAsync("samples", ct: Ct);
        Close();
        Damage(fault);

        var (runner, _, _) = Open();
        await runner.RebuildAsync("samples", ct: Ct);
        Close();

        var (_, projection, reader) = Open();
        projection.Load();
        Assert.Equal(position, projection.Position);
        await CompareAsync(reader);
        Assert.Single(Place.Tables(), t => t.StartsWith("state_samples_", StringComparison.Ordinal));
    }

    public async ValueTask DisposeAsync()
    {
        Close();
        await Place.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private void Close()
    {
        foreach (var store in _stores)
            store.Dispose();
        _stores.Clear();
    }

    private async Task CompareAsync(IMeteringReader reader)
    {
        var truth = new BruteForceReader();
        await foreach (var recorded in _log.ReadAllAsync(ct: Ct))
            truth.Apply(recorded);
        var queries = new RandomQueries(new(7));
        for (var i = 0; i < 10; i++)
        {
            var query = queries.Samples();
            Assert.Equal(await truth.SamplesAsync(query, Ct), await reader.SamplesAsync(query, Ct));
            var list = queries.List();
            Assert.Equal(await truth.MetersAsync(list, Ct), await reader.MetersAsync(list, Ct));
        }
    }

    private async Task<long> AppendAsync(int batches)
    {
        long position = 0;
        for (var i = 0; i < batches; i++)
        {
            SampleBatch batch;
            lock (_samples)
                batch = _samples.Batch(100);
            var streams = batch.Streams().Select(s => new StreamExpectation(s)).ToList();
            position = (await _log.AppendAsync([new NewEvent(Domain.Streams.EventId.New(), "samples-recorded", new EventBody.Samples(batch), streams)], Ct)).Position;
        }
        return position;
    }

    private IReadModelStore OpenStore()
    {
        _stores.Add(Place.Open());
        return _stores[^1];
    }

    private (ProjectionRunner Runner, SampleProjection Projection, IMeteringReader Reader) Open(Action<string>? step = null)
    {
        var store = OpenStore();
        var projection = new SampleProjection(store, _options, NullLogger<SampleProjection>.Instance, step);
        return (
            new(_log, [projection], new AllLeases(), _options, _time, NullLogger<ProjectionRunner>.Instance), projection,
            new MeteringReader(projection, _log, _options, TimeProvider.System));
    }

    private sealed class Told : IProgress<RebuildProgress>
    {
        public RebuildProgress Last { get; private set; }

        public void Report(RebuildProgress value) => Last = value;
    }

    private sealed class Lines : ILogger<ProjectionRunner>
    {
        public List<(LogLevel Level, string Text)> Entries { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Entries.Add((logLevel, formatter(state, exception)));
    }

    private sealed class Poisoned(long at) : IProjection
    {
        public string Name => "poisoned";
        public int Version => 1;
        public long Position { get; private set; }
        public double FlushPressure => 0;

        public void Load()
        {
        }

        public void Reset() => Position = 0;

        public void Apply(RecordedEvent recorded) =>
            Position = recorded.Position != at ? recorded.Position : throw new InvalidOperationException("poison");

        public long ReadableFrom => 0;
        public IReadOnlyList<string> Shares => [Name];

        public void Flush(IReadOnlyList<int> ranges)
        {
        }

        public bool IsShared => false;

        public bool Follow() => true;

        public IProjectionRebuild BeginRebuild() => throw new NotSupportedException();

        public IProjectionRebuild BeginReload() => throw new NotSupportedException();
    }
}
