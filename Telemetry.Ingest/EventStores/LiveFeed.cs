using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>Hands committed events to those who are subscribed, as far as they keep up.</summary>
internal sealed class LiveFeed(int queueLength, ILogger logger)
{
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);

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

    /// <summary>Every event after a position, first the stored ones, then each as it is published, without gap or repeat, until cancelled.</summary>
    /// <param name="read">What is stored after a position, up to the end as it was at the call.</param>
    public async IAsyncEnumerable<RecordedEvent> SubscribeAsync(
        long after, Func<long, CancellationToken, IAsyncEnumerable<RecordedEvent>> read, [EnumeratorCancellation] CancellationToken ct)
    {
        while (true)
        {
            // The bulk from the store, then what was committed meanwhile while the queue already collects: nothing falls between.
            await foreach (var e in PatientlyAsync(after, read, ct).ConfigureAwait(false))
            {
                yield return e;
                after = e.Position;
            }
            var queue = Join();
            try
            {
                await foreach (var e in PatientlyAsync(after, read, ct).ConfigureAwait(false))
                {
                    yield return e;
                    after = e.Position;
                }
                await foreach (var e in queue.Reader.ReadAllAsync(ct).ConfigureAwait(false))
                {
                    if (e.Position <= after)
                        continue;
                    yield return e;
                    after = e.Position;
                }
            }
            finally
            {
                Leave(queue);
            }
            Log.SubscriberOverrun(logger, after);
        }
    }

    /// <summary>What is stored after a position; where the store does not answer, it waits until it does.</summary>
    private async IAsyncEnumerable<RecordedEvent> PatientlyAsync(
        long after, Func<long, CancellationToken, IAsyncEnumerable<RecordedEvent>> read, [EnumeratorCancellation] CancellationToken ct)
    {
        for (var complete = false; !complete;)
        {
            await using var events = read(after, ct).GetAsyncEnumerator(ct);
            while (true)
            {
                try
                {
                    complete = !await events.MoveNextAsync().ConfigureAwait(false);
                    if (complete)
                        break;
                }
                catch (EventStoreBusyException e)
                {
                    Log.ReadInterrupted(logger, e);
                    await Task.Delay(AskAgainAfter, ct).ConfigureAwait(false);
                    break;
                }
                yield return events.Current;
                after = events.Current.Position;
            }
        }
    }

    /// <summary>The events published from now on. The queue is completed when it overruns, or the store is closed.</summary>
    private Channel<RecordedEvent> Join()
    {
        var queue = Channel.CreateBounded<RecordedEvent>(new BoundedChannelOptions(queueLength) { SingleReader = true, SingleWriter = true });
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(IEventStore));
            _subscribers.Add(queue);
        }
        return queue;
    }

    private void Leave(Channel<RecordedEvent> queue)
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
