using Microsoft.Extensions.Logging;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Events;

/// <summary>Telemetry events with their traits: what the event reader answers from.</summary>
/// <param name="step">Called before each step of a flush: tests stop there.</param>
internal sealed class EventProjection(IReadModelStore store, ILogger<EventProjection> log, Action<string>? step = null)
    : StoredProjection<EventModel>(store, ProjectionName, CurrentVersion, FlushEvents, log)
{
    public const string ProjectionName = "events";
    private const int CurrentVersion = 2;

    /// <summary>Few enough to be searched without an index.</summary>
    private const double FlushEvents = 2_000;

    private readonly IReadModelStore _store = store;

    /// <summary>Begins to read the live generation.</summary>
    public EventModel.Reading Read()
    {
        while (true)
        {
            if (Model.TryRead() is { } reading)
                return reading; // else it was replaced this moment
        }
    }

    protected override EventModel NewModel(Generation generation) => new(_store.EventTables(generation, step));
}
