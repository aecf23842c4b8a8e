using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Events;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Tests.Events;

/// <summary>A log of telemetry events, the read model of it, and all of it as a list that cannot be wrong.</summary>
internal sealed class EventReadModel : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private ReadModelDatabase _database = null!;

    public EventReadModel() => Open();

    public InMemoryEventStore Log { get; } = new(TimeProvider.System);
    public List<TelemetryEventRow> Truth { get; } = [];
    public EventProjection Projection { get; private set; } = null!;
    public IEventReader Reader { get; private set; } = null!;
    public string FilePath => Path.Combine(_directory.Path, "read-model.db");

    /// <summary>Called before each step of a flush.</summary>
    public Action<string>? Step { get; set; }

    public async Task<RecordedEvent> AppendAsync(params TelemetryEvent[] events)
    {
        var result = await Log.AppendAsync(
            [new(EventId.New(), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write(events), [new(TelemetryEventStreams.Of(events[0]))])]);
        var recorded = (await Log.FindAsync(result.Position))!;
        foreach (var e in TelemetryEventsRecorded.Read(recorded))
        {
            if (Truth.TrueForAll(r => r.Event.MessageId != e.MessageId))
                Truth.Add(new(e, new(e.GeneratedAt, Truth.Count + 1), result.Position));
        }
        Projection.Apply(recorded);
        return recorded;
    }

    /// <summary>As after a crash: what was not flushed is read from the log again.</summary>
    public async Task ReopenAsync()
    {
        _database.Dispose();
        Open();
        await foreach (var recorded in Log.ReadAllAsync(Projection.Position))
            Projection.Apply(recorded);
    }

    public async Task RebuildAsync()
    {
        using var rebuild = Projection.BeginRebuild();
        await foreach (var recorded in Log.ReadAllAsync())
        {
            rebuild.Apply(recorded);
            if (rebuild.Position % 7 == 0)
                rebuild.Flush(whole: true);
        }
        rebuild.Complete();
        await rebuild.DropReplacedAsync();
    }

    public void Dispose()
    {
        _database.Dispose();
        _directory.Dispose();
    }

    private void Open()
    {
        _database = new(FilePath, NullLogger.Instance);
        Projection = new(_database, NullLogger<EventProjection>.Instance, name => Step?.Invoke(name));
        Projection.Load();
        Reader = new EventReader(Projection, new(), TimeProvider.System);
    }
}
