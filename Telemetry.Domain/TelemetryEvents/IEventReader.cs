using Telemetry.Domain.Queries;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>Asks for telemetry events.</summary>
/// <param name="Filter">Which; of the fields that <see cref="TelemetryEventFields"/> names.</param>
/// <param name="Limit">At least 1.</param>
/// <param name="Descending">Last generated first; else, as Ceilometer lists them, first generated first.</param>
/// <param name="After">Only what comes after this place in the order asked for: the last row of the page before.</param>
public sealed record TelemetryEventQuery(Predicate Filter, int Limit, bool Descending = false, TelemetryEventPlace? After = null);

/// <summary>A trait that telemetry events of a type have.</summary>
public readonly record struct TraitDescription(string Name, TraitType Type);

/// <summary>Answers questions about telemetry events out of a read model.</summary>
/// <remarks>
/// Of several events with one message id it knows the first in the log. An event is there whole or not at all. A filter is exact; it is fast
/// (it reads what it gives, not what there is) where it has, in the conjunction at its top, an equality of the type or of the message id, or
/// says of which project the events are, or of none, and compares traits beside. Nothing here scopes: what the caller may see is part of the filter.
/// Before the first event all answers are empty.
/// </remarks>
public interface IEventReader
{
    /// <summary>In the order asked for.</summary>
    ValueTask<IReadOnlyList<TelemetryEventRow>> EventsAsync(TelemetryEventQuery query, CancellationToken ct = default);

    /// <summary>The event with a message id, null where there is none that the filter selects.</summary>
    ValueTask<TelemetryEventRow?> FindEventAsync(string messageId, Predicate filter, CancellationToken ct = default);

    /// <summary>The types of the events there are, ascending by ordinal.</summary>
    ValueTask<IReadOnlyList<string>> EventTypesAsync(CancellationToken ct = default);

    /// <summary>The traits that events of some types have, by type (text, integer, float, datetime), then by name; none for an unknown type.</summary>
    ValueTask<ILookup<string, TraitDescription>> TraitDescriptionsAsync(IReadOnlyCollection<string> eventTypes, CancellationToken ct = default);

    /// <summary>The same of one type.</summary>
    async ValueTask<IReadOnlyList<TraitDescription>> TraitDescriptionsAsync(string eventType, CancellationToken ct = default) =>
        [.. (await TraitDescriptionsAsync([eventType], ct).ConfigureAwait(false))[eventType]];

    /// <summary>Every trait of a name that an event of a type has, in the order of types, then of events.</summary>
    IAsyncEnumerable<Trait> TraitsAsync(string eventType, string name, CancellationToken ct = default);
}
