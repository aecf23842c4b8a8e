using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Samples;

/// <summary>What showing a sample needs of its event, where the sender gave neither ids nor signatures.</summary>
/// <param name="RecordedAt">Microseconds since 1970.</param>
/// <param name="HasForeign">Whether ids or signatures of the sender have to be read from the log.</param>
internal sealed record EventInfo(long Position, EventId Id, long RecordedAt, bool HasForeign)
{
    public static EventInfo Of(RecordedEvent recorded) => new(
        recorded.Position, recorded.Id, UnixMicroseconds.From(recorded.RecordedAt),
        recorded.Body is EventBody.Samples { Batch: var batch } && (batch.MessageIds is not null || batch.Signatures is not null));
}

/// <summary>The newest events, so that showing recent samples does not touch the log.</summary>
internal sealed class RecentEvents
{
    private readonly EventInfo?[] _slots = new EventInfo?[1 << 16];

    public void Add(EventInfo info) => Volatile.Write(ref _slots[info.Position & (_slots.Length - 1)], info);

    public EventInfo? Find(long position) =>
        Volatile.Read(ref _slots[position & (_slots.Length - 1)]) is { } info && info.Position == position ? info : null;
}
