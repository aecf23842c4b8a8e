using System.Runtime.CompilerServices;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples.Reading;

namespace Telemetry.Projections.Events;

/// <summary>Answers from the projection of telemetry events.</summary>
/// <remarks>Throws <see cref="TimeoutException"/> where a query takes longer than <see cref="ProjectionsOptions.QueryTimeoutSeconds"/>.</remarks>
internal sealed class EventReader(EventProjection projection, ProjectionsOptions options, TimeProvider time) : IEventReader
{
    /// <summary>How many events are looked through at a time for their traits.</summary>
    private const int PageSize = 1_000;

    public ValueTask<IReadOnlyList<TelemetryEventRow>> EventsAsync(TelemetryEventQuery query, CancellationToken ct = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1);
        using var reading = projection.Read();
        var stored = reading.Tables.Search(query, reading.Stored, new QueryBudget(time, TimeSpan.FromSeconds(options.QueryTimeoutSeconds), ct));
        var tail = reading.Tail.Where(row => query.Filter.Selects(row) && (query.After is not { } after || (query.Descending ? row.Place < after : row.Place > after)));
        var both = stored.Concat(tail);
        return new([.. (query.Descending ? both.OrderByDescending(r => r.Place) : both.OrderBy(r => r.Place)).Take(query.Limit)]);
    }

    public async ValueTask<TelemetryEventRow?> FindEventAsync(string messageId, Predicate filter, CancellationToken ct = default) =>
        (await EventsAsync(new(Predicate.And(Predicate.Equal(TelemetryEventFields.MessageId, messageId), filter), 1), ct)) is [var found] ? found : null;

    public ValueTask<IReadOnlyList<string>> EventTypesAsync(CancellationToken ct = default)
    {
        using var reading = projection.Read();
        return new([.. reading.Tables.EventTypes().Union(reading.Tail.Select(r => r.Event.EventType)).Order(StringComparer.Ordinal)]);
    }

    public ValueTask<ILookup<string, TraitDescription>> TraitDescriptionsAsync(IReadOnlyCollection<string> eventTypes, CancellationToken ct = default)
    {
        using var reading = projection.Read();
        var wanted = eventTypes.ToHashSet(StringComparer.Ordinal);
        var tail = reading.Tail.Select(r => r.Event).Where(e => wanted.Contains(e.EventType)).SelectMany(e => e.Traits, (e, t) => (e.EventType, new TraitDescription(t.Name, t.Type)));
        return new(reading.Tables.TraitsOf(wanted).Union(tail)
            .OrderBy(t => t.Item2.Type).ThenBy(t => t.Item2.Name, StringComparer.Ordinal).ToLookup(t => t.Item1, t => t.Item2, StringComparer.Ordinal));
    }

    public async IAsyncEnumerable<Trait> TraitsAsync(string eventType, string name, [EnumeratorCancellation] CancellationToken ct = default)
    {
        foreach (var trait in (await TraitDescriptionsAsync([eventType], ct))[eventType].Where(t => t.Name == name))
        {
            TelemetryEventPlace? last = null;
            IReadOnlyList<TelemetryEventRow> page;
            var filter = new Predicate.All([
                Predicate.Equal(TelemetryEventFields.EventType, eventType),
                new Predicate.Compare(TelemetryEventFields.Trait(name, trait.Type), Comparison.NotEqual, QueryValue.Null)]);
            do
            {
                page = await EventsAsync(new(filter, PageSize, After: last), ct);
                foreach (var row in page)
                    yield return new(name, row.Event[name, trait.Type]);
                last = page is [.., var end] ? end.Place : last;
            }
            while (page.Count == PageSize);
        }
    }
}
