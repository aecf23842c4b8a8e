using System.Threading.Channels;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>Hands committed events to those who are subscribed, as far as they keep up.</summary>
internal sealed class LiveFeed(int queueLength)
{
    private readonly Lock _lock = new();
    private readonly HashSet<Channel<RecordedEvent>> _subscribers = [];
    private bool _closed;

    /// <summary>Nobody is subscribed.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
                return _subscribers.Count == 0;
        }
    }

    /// <summary>The events published from now on. The queue is completed when it overruns, or the store is closed.</summary>
    public Channel<RecordedEvent> Join()
    {
        var queue = Channel.CreateBounded<RecordedEvent>(new BoundedChannelOptions(queueLength) { SingleReader = true, SingleWriter = true });
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(IEventStore));
            _subscribers.Add(queue);
        }
        return queue;
    }

    public void Leave(Channel<RecordedEvent> queue)
    {
        lock (_lock)
            _subscribers.Remove(queue);
    }

    public void Publish(IReadOnlyList<RecordedEvent> events)
    {
        lock (_lock)
        {
            _subscribers.RemoveWhere(queue =>
            {
                foreach (var e in events)
                {
                    if (queue.Writer.TryWrite(e))
                        continue;
                    queue.Writer.Complete();
                    return true;
                }
                return false;
            });
        }
    }

    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            foreach (var queue in _subscribers)
                queue.Writer.TryComplete(new ObjectDisposedException(nameof(IEventStore)));
            _subscribers.Clear();
        }
    }
}
