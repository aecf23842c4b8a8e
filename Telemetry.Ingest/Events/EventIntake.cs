using System.Text;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Events;

/// <summary>Where telemetry events of every source enter the log. Safe for use by many threads.</summary>
public sealed class EventIntake(IEventStore log, IProjectionProgress projections, EventLimits limits, IntakeMetrics metrics)
{
    /// <summary>Stores telemetry events, all or none; durable when the task completes.</summary>
    /// <remarks>
    /// Each goes into the stream of its project and month (<see cref="TelemetryEventStreams"/>), in one append. The ids of what is stored
    /// follow from the message ids: the same list again, such as a redelivered message, stores nothing. An event that comes again in
    /// another list is in the log twice; read models keep the first. Appends by concurrent callers are committed together, so that a
    /// message's own append costs little.
    /// </remarks>
    /// <param name="events">Of several with one message id the first counts. None stores nothing; the position is the log's.</param>
    /// <param name="metadata">What brought them in, and what vouches for them.</param>
    /// <exception cref="EventStoreBusyException">Too much is waiting to be written; nothing was stored.</exception>
    /// <exception cref="EventStoreFullException">The disk is full; nothing was stored.</exception>
    public async Task<AcceptedEvents> AppendAsync(IReadOnlyList<TelemetryEvent> events, EventMetadata metadata, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (events.Count == 0)
            return new(await log.HeadAsync(ct), 0, AlreadyStored: false);
        var distinct = events.Count == 1 ? events : [.. events.DistinctBy(e => e.MessageId)];
        var id = IdOf(distinct);
        NewEvent[] news = distinct is [var only]
            ? [New(0, TelemetryEventStreams.Of(only), [only])]
            : [.. distinct.GroupBy(TelemetryEventStreams.Of).Select((stream, n) => New(n, stream.Key, [.. stream]))];
        NewEvent New(int n, StreamName stream, TelemetryEvent[] part) =>
            new(SampleIntake.PartId(id, n), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write(part), [new(stream)], metadata);
        var result = await log.AppendAsync(news, ct);
        if (!result.AlreadyStored)
            metrics.AcceptedEvents(distinct.Count);
        return new(result.Position, result.AlreadyStored ? 0 : distinct.Count, result.AlreadyStored);
    }

    /// <summary>Waits until queries see what was stored.</summary>
    /// <returns>False where that takes longer than <see cref="EventLimits.VisibilityTimeout"/>; they will, a little later.</returns>
    public ValueTask<bool> WaitUntilVisibleAsync(AcceptedEvents accepted, CancellationToken ct) =>
        projections.WaitForAsync(accepted.Position, limits.VisibilityTimeout, ct);

    /// <summary>Message ids may hold any character: their lengths tell one list from another.</summary>
    private static EventId IdOf(IReadOnlyList<TelemetryEvent> events)
    {
        var name = new StringBuilder(TelemetryEventsRecorded.Name);
        foreach (var e in events)
            name.Append('\n').Append(e.MessageId.Length).Append(':').Append(e.MessageId);
        return EventId.FromName(Encoding.UTF8.GetBytes(name.ToString()));
    }
}

/// <summary>What became of telemetry events.</summary>
/// <param name="Position">The place in the log of the last one; of a repeated list the first one's.</param>
/// <param name="Stored">How many were stored: those of a repeated list were stored before.</param>
public sealed record AcceptedEvents(long Position, int Stored, bool AlreadyStored);
