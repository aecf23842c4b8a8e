using System.Runtime.CompilerServices;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Tests.Audit;

/// <summary>A log as somebody left it who could write to its storage: any events in any order.</summary>
internal sealed class ListedLog(IReadOnlyList<RecordedEvent> events) : IEventStore
{
    public async IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        foreach (var e in events)
        {
            if (e.Position > after)
                yield return e;
        }
    }

    public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
    {
        await Task.CompletedTask;
        foreach (var e in events)
        {
            for (var part = 0; part < e.Streams.Count; part++)
            {
                if (e.Streams[part].Stream == stream)
                    yield return StreamEvent.Of(e, part);
            }
        }
    }

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) => Task.FromResult(events.FirstOrDefault(e => e.Id == id));

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) => Task.FromResult(events.FirstOrDefault(e => e.Position == position));

    public Task<long> HeadAsync(CancellationToken ct = default) => Task.FromResult(events.Count == 0 ? 0 : events.Max(e => e.Position));

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) => throw new NotSupportedException();

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => throw new NotSupportedException();

    public IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default) => throw new NotSupportedException();
}
