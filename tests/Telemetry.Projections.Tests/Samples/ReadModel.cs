using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Reading;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Tests.Samples;

/// <summary>A log, the read model of it, and the reader that cannot be wrong.</summary>
internal sealed class ReadModel : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private ReadModelDatabase _database = null!;

    public ReadModel(long cacheBytes = 192 << 20)
    {
        Options = new() { CacheBytes = cacheBytes, FlushSamples = 1_000 };
        Open();
    }

    public ProjectionsOptions Options { get; }
    public IEventStore Log { get; } = new InMemoryEventStore(TimeProvider.System);
    public BruteForceReader Truth { get; } = new();
    public SampleProjection Projection { get; private set; } = null!;
    public IMeteringReader Reader { get; private set; } = null!;
    public string FilePath => Path.Combine(_directory.Path, "read-model.db");

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
    public async Task ReopenAsync(bool deleteFile = false)
    {
        _database.Dispose();
        if (deleteFile)
            File.Delete(FilePath);
        Open();
        await CatchUpAsync();
    }

    public async Task CatchUpAsync()
    {
        await foreach (var recorded in Log.ReadAllAsync(Projection.Position))
            Projection.Apply(recorded);
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    private void Open()
    {
        _database = new(FilePath, NullLogger.Instance);
        Projection = new(_database, Options, NullLogger<SampleProjection>.Instance, name => Step?.Invoke(name));
        Projection.Load();
        Reader = new MeteringReader(Projection, Log, Options, TimeProvider.System);
    }
}
