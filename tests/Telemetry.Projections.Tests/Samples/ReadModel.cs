using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Reading;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Tests.Stores;

namespace Telemetry.Projections.Tests.Samples;

/// <summary>A log, the read model of it, and the reader that cannot be wrong.</summary>
internal sealed class ReadModel : IAsyncDisposable
{
    private readonly StorePlace _place;
    private IReadModelStore _store = null!;

    public ReadModel(StorePlace? place = null, long cacheBytes = 192 << 20)
    {
        _place = place ?? new SqlitePlace();
        Options = new() { CacheBytes = cacheBytes, FlushSamples = 1_000 };
        Open();
    }

    public ProjectionsOptions Options { get; }
    public IEventStore Log { get; } = new InMemoryEventStore(TimeProvider.System);
    public BruteForceReader Truth { get; } = new();
    public SampleProjection Projection { get; private set; } = null!;
    public IMeteringReader Reader { get; private set; } = null!;

    /// <summary>Called before each step of a flush.</summary>
    public Action<string>? Step { get; set; }

    public async Task<RecordedEvent> AppendAsync(SampleBatch batch, EventId? id = null)
    {
        var recorded = await AppendToLogAsync(batch, id);
        Projection.Apply(recorded);
        return recorded;
    }

    public async Task<RecordedEvent> AppendToLogAsync(SampleBatch batch, EventId? id = null)
    {
        var streams = batch.Streams().Select(s => new StreamExpectation(s)).ToList();
        var result = await Log.AppendAsync([new NewEvent(id ?? EventId.New(), "samples-recorded", new EventBody.Samples(batch), streams)]);
        var recorded = (await Log.FindAsync(result.Position))!;
        Truth.Apply(recorded);
        return recorded;
    }

    /// <summary>As after a crash: what was not flushed is read from the log again.</summary>
    public async Task ReopenAsync(bool delete = false)
    {
        _store.Dispose();
        if (delete)
            await _place.DeleteAsync();
        Open();
        await CatchUpAsync();
    }

    public async Task CatchUpAsync()
    {
        await foreach (var recorded in Log.ReadAllAsync(Projection.Position))
            Projection.Apply(recorded);
    }

    public ValueTask DisposeAsync()
    {
        _store.Dispose();
        return _place.DisposeAsync();
    }

    private void Open()
    {
        _store = _place.Open();
        Projection = new(_store, Options, NullLogger<SampleProjection>.Instance, name => Step?.Invoke(name));
        Projection.Load();
        Reader = new MeteringReader(Projection, Log, Options, TimeProvider.System);
    }
}
