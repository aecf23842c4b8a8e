using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Streams;

/// <summary>The log: append-only streams, all of them also one sequence in order of position.</summary>
/// <remarks>Safe for use by many threads. The conformance suite is this contract again, as tests.</remarks>
public interface IEventStore
{
    /// <summary>Appends events, all or none; durable when the task completes.</summary>
    /// <remarks>
    /// Idempotent by the first event's id: where that is stored already, nothing is stored and the first append's result is given
    /// again, whatever the expected versions say. Appends by concurrent callers are committed in groups. Cancelling before the write
    /// has begun withdraws it; later it has no effect.
    /// </remarks>
    /// <param name="events">At least one. Versions in a stream follow the order of the list.</param>
    /// <exception cref="ArgumentException">
    /// The events break a rule of <see cref="NewEvents.Check"/>, a batch cannot be stored (a volume that is not finite), or an event other
    /// than the first has an id that is stored already; nothing was stored.
    /// </exception>
    /// <exception cref="WrongExpectedVersionException">A stream has another version than expected; nothing was stored.</exception>
    /// <exception cref="EventStoreBusyException">Too much is waiting to be written; nothing was stored. Try again later.</exception>
    /// <exception cref="EventStoreFullException">The disk is full; nothing was stored. It works again once there is space.</exception>
    Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default);

    /// <summary>The log from the event after a position to the end as it was at the call, ascending.</summary>
    IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, CancellationToken ct = default);

    /// <summary>A stream's events from a version on, to the end as it was at the call; nothing for an unknown stream.</summary>
    /// <param name="from">The first version wanted: 1 for the whole stream forwards, <see cref="long.MaxValue"/> backwards.</param>
    IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, CancellationToken ct = default);

    /// <summary>Every event after a position, first the stored ones, then each as it is appended, without gap or repeat, until cancelled.</summary>
    /// <remarks>A subscriber that falls behind is served from the log again; it holds up nobody.</remarks>
    IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct);

    /// <summary>The event of an id, null where there is none.</summary>
    Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default);

    /// <summary>The event at a position, null where there is none.</summary>
    Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default);

    /// <summary>Some streams, each whole, one after another in the order asked for; nothing for unknown ones.</summary>
    /// <remarks>For lists: a store that is asked over a network asks for many at once, however many they are.</remarks>
    async IAsyncEnumerable<StreamEvent> ReadStreamsAsync(IReadOnlyList<StreamName> streams, [EnumeratorCancellation] CancellationToken ct = default)
    {
        foreach (var stream in streams)
        {
            await foreach (var e in ReadStreamAsync(stream, ct: ct).ConfigureAwait(false))
                yield return e;
        }
    }

    /// <summary>The events at some positions, ascending, each once; nothing where there is none.</summary>
    /// <remarks>As <see cref="ReadStreamsAsync"/>.</remarks>
    async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<long> positions, CancellationToken ct = default)
    {
        var found = new List<RecordedEvent>();
        foreach (var position in positions.Distinct().Order())
        {
            if (await FindAsync(position, ct).ConfigureAwait(false) is { } e)
                found.Add(e);
        }
        return found;
    }

    /// <summary>The events of some ids, in ascending order of position, each once; nothing where there is none.</summary>
    /// <remarks>As <see cref="ReadStreamsAsync"/>.</remarks>
    async Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<EventId> ids, CancellationToken ct = default)
    {
        var found = new List<RecordedEvent>();
        foreach (var id in ids.Distinct())
        {
            if (await FindAsync(id, ct).ConfigureAwait(false) is { } e)
                found.Add(e);
        }
        return [.. found.OrderBy(e => e.Position)];
    }

    /// <summary>The streams whose names begin with a prefix, in ordinal order, each with its last version.</summary>
    IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default);

    /// <summary>The index by which streams are read, in one pass and any order: each entry once, up to the end of the log as it was at the call. Later ones may be among them.</summary>
    /// <remarks>For comparing it with the log. A store that has no such index gives what the log says.</remarks>
    async IAsyncEnumerable<IndexEntry> ReadIndexAsync([EnumeratorCancellation] CancellationToken ct = default)
    {
        await foreach (var e in ReadAllAsync(0, ct).ConfigureAwait(false))
        {
            foreach (var entry in IndexEntry.Of(e.Position, e.Streams))
                yield return entry;
        }
    }

    /// <summary>The position of the last event, 0 where there is none.</summary>
    Task<long> HeadAsync(CancellationToken ct = default);
}

/// <summary>Which way a stream is read.</summary>
public enum ReadDirection
{
    Forwards,
    Backwards,
}

/// <summary>What became of an append.</summary>
/// <param name="Position">The last event's position.</param>
/// <param name="Streams">The new last version of every stream that was written to.</param>
/// <param name="AlreadyStored">The events were there before; <paramref name="Position"/> and <paramref name="Streams"/> are the first append's.</param>
public sealed record AppendResult(long Position, IReadOnlyList<StreamVersion> Streams, bool AlreadyStored);

/// <summary>A stream was not at the version that an append expected.</summary>
public sealed class WrongExpectedVersionException(StreamName stream, long expected, long actual, Exception? cause = null)
    : Exception($"Stream '{stream}' is at version {actual}, not at {expected} as expected.", cause)
{
    public StreamName Stream { get; } = stream;
    public long Expected { get; } = expected;
    public long Actual { get; } = actual;
}

/// <summary>The store's queue of writes is full.</summary>
public sealed class EventStoreBusyException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>The store has no space left.</summary>
public sealed class EventStoreFullException(string message, Exception? cause = null) : Exception(message, cause);
