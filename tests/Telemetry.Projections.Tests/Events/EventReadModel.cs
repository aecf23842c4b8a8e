using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Events;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Tests.Stores;

namespace Telemetry.Projections.Tests.Events;

/// <summary>A log of telemetry events, the read model of it, and all of it as a list that cannot be wrong.</summary>
internal sealed class EventReadModel : IAsyncDisposable
{
    private readonly StorePlace _place;
    private IReadModelStore _store = null!;

    /// <param name="place">Goes with this object.</param>
    public EventReadModel(StorePlace place)
    {
        _place = place;
        Open();
    }

    public InMemoryEventStore Log { get; } = new(TimeProvider.System);
    public List<TelemetryEventRow> Truth { get; } = [];
    public EventProjection Projection { get; private set; } = null!;
    public IEventReader Reader { get; private set; } = null!;

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
        _store.Dispose();
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

    public async ValueTask DisposeAsync()
    {
        _store.Dispose();
        await _place.DisposeAsync();
    }

    private void Open()
    {
        _store = _place.Open();
        Projection = new(_store, NullLogger<EventProjection>.Instance, name => Step?.Invoke(name));
        Projection.Load();
        Reader = new EventReader(Projection, new(), TimeProvider.System);
    }
}
