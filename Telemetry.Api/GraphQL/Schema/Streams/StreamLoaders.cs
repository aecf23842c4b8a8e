using Telemetry.Api.GraphQL.Execution;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Streams;

/// <summary>Where the log has something.</summary>
/// <param name="Position">Of its event.</param>
/// <param name="Stream">Its stream.</param>
internal sealed record LogPlace(long Position, StreamName Stream);

/// <summary>The events that brought samples or telemetry events: all are read together, each once, however much it brought.</summary>
internal sealed class EventInLog(IEventStore log, IBatchScheduler scheduler, DataLoaderOptions options) : BatchDataLoader<LogPlace, StreamEventView>(scheduler, options)
{
    protected override async Task<IReadOnlyDictionary<LogPlace, StreamEventView>> LoadBatchAsync(IReadOnlyList<LogPlace> keys, CancellationToken ct)
    {
        var events = (await log.FindAsync([.. keys.Select(k => k.Position)], ct)).ToDictionary(e => e.Position);
        var found = new Dictionary<LogPlace, StreamEventView>();
        foreach (var key in keys)
        {
            if (events.TryGetValue(key.Position, out var recorded) && recorded.Streams.ToList().FindIndex(s => s.Stream == key.Stream) is >= 0 and var part)
                found[key] = new(StreamEvent.Of(recorded, part));
        }
        return found;
    }
}
