namespace Telemetry.Domain.Streams;

/// <summary>What every store asks of the events of one append.</summary>
public static class NewEvents
{
    /// <summary>The streams whose versions decide on some events: those that they are appended to, and those that they are given by. A stream may come several times.</summary>
    public static IEnumerable<StreamName> StreamsOf(IEnumerable<NewEvent> events) =>
        events.SelectMany(e => e.Given is { } given ? e.Streams.Select(s => s.Stream).Append(given.Stream) : e.Streams.Select(s => s.Stream));

    /// <exception cref="ArgumentException">
    /// The list is empty; or an event names no stream, one twice, more than <see cref="EventId.MaxPart"/>, or several without being a batch of
    /// samples; or two events have the same id.
    /// </exception>
    public static void Check(IReadOnlyList<NewEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
            throw new ArgumentException("An append has at least one event.", nameof(events));
        var ids = events.Count > 1 ? new HashSet<EventId>() : null;
        foreach (var e in events)
        {
            if (e.Streams.Count == 0)
                throw new ArgumentException($"Event {e.Id} names no stream.", nameof(events));
            if (e.Streams.Count > EventId.MaxPart)
                throw new ArgumentException($"Event {e.Id} names {e.Streams.Count} streams, more than {EventId.MaxPart}.", nameof(events));
            if (e.Streams.Count > 1 && e.Body is not EventBody.Samples)
                throw new ArgumentException($"Event {e.Id} names {e.Streams.Count} streams; only a batch of samples has several.", nameof(events));
            if (e.Streams.Count > 1 && e.Streams.DistinctBy(s => s.Stream).Count() < e.Streams.Count)
                throw new ArgumentException($"Event {e.Id} names a stream twice.", nameof(events));
            if (ids?.Add(e.Id) == false)
                throw new ArgumentException($"Two events have the id {e.Id}.", nameof(events));
        }
    }
}
