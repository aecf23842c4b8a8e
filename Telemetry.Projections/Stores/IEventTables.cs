using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Stores;

/// <summary>The tables of one generation of telemetry events.</summary>
/// <remarks>
/// A trait's value is stored once a scope, however many events have it: an event is a list of numbers of values. Every value has the places of its
/// events in the order in which they are listed; the type of an event, and that it has no <c>project_id</c>, are values too. The scope of a value
/// is the value that says whose the events are, a <c>project_id</c> or that there is none: callers see the events of few scopes, and what all the
/// others have is not in their way. The scope of the scopes is 0; types are there in each scope and in 0.
/// Where other processes store, there may be events of higher numbers than a reader knows: it says up to which it asks.
/// </remarks>
internal interface IEventTables : IProjectionTables
{
    /// <summary>Reads what the writer remembers; once, before all else.</summary>
    void Load();

    /// <summary>The number of the last event; 0 without any.</summary>
    long LastNumber();

    /// <summary>Stores events and, for the live generation, how far they are complete; all of it or nothing.</summary>
    /// <exception cref="ReadModelTakenException">Another process has stored the projection.</exception>
    void Write(IReadOnlyList<TelemetryEventRow> rows, long position, bool live);

    /// <summary>Those of some message ids that are stored up to a number.</summary>
    HashSet<string> Known(IReadOnlyCollection<string> messageIds, long upTo);

    /// <summary>The events that a filter selects, in the order asked for.</summary>
    /// <param name="upTo">Events of higher numbers are not there yet.</param>
    List<TelemetryEventRow> Search(TelemetryEventQuery query, long upTo, QueryBudget budget);

    /// <summary>The types of events, in no order.</summary>
    List<string> EventTypes();

    /// <summary>The traits that events of some types have, each with its type, in no order.</summary>
    List<(string EventType, TraitDescription Trait)> TraitsOf(IReadOnlyCollection<string> eventTypes);
}
