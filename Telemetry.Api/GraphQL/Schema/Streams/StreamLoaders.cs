using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.GraphQL.Schema.Streams;

/// <summary>Where the log has something.</summary>
/// <param name="Position">Of its event; 0 where the reader did not tell.</param>
/// <param name="Id">A sample's, of which the event's follows unless a sender gave it; else empty.</param>
/// <param name="Stream">Its stream.</param>
internal sealed record LogPlace(long Position, string Id, StreamName Stream);

/// <summary>The events that brought samples or telemetry events: each is read once, however much it brought.</summary>
internal sealed class EventInLog(IEventStore log, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<LogPlace, StreamEventView>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<LogPlace, StreamEventView>> LoadBatchAsync(IReadOnlyList<LogPlace> keys, CancellationToken ct)
    {
        var found = new Dictionary<LogPlace, StreamEventView>();
        foreach (var group in keys.GroupBy(k => (k.Position, Event: k.Position > 0 ? null : EventOf(k.Id))))
        {
            var recorded = group.Key switch
            {
                { Position: > 0 } known => await log.FindAsync(known.Position, ct),
                { Event: { } id } => await log.FindAsync(id, ct),
                _ => null,
            };
            foreach (var key in group)
            {
                var part = recorded?.Streams.ToList().FindIndex(s => s.Stream == key.Stream) ?? -1;
                if (part >= 0)
                    found[key] = new(StreamEvent.Of(recorded!, part));
            }
        }
        return found;
    }

    private static EventId? EventOf(string sample) => Guid.TryParseExact(sample, "D", out var id) ? EventId.Containing(id) : null;
}
