using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Streams;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.GraphQL.Schema.Streams;

/// <summary>Where a sample is in the log.</summary>
/// <param name="Position">Of its event; 0 where the reader did not tell.</param>
/// <param name="Id">The sample's, of which the event's follows unless a sender gave it.</param>
/// <param name="Stream">Its stream.</param>
internal sealed record SamplePlace(long Position, string Id, StreamName Stream);

/// <summary>The events that brought samples: each event of the log is read once, however many samples it brought.</summary>
internal sealed class EventOfSample(IEventStore log, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<SamplePlace, StreamEventView>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<SamplePlace, StreamEventView>> LoadBatchAsync(IReadOnlyList<SamplePlace> keys, CancellationToken ct)
    {
        var found = new Dictionary<SamplePlace, StreamEventView>();
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
