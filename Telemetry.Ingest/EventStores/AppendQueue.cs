using System.Collections.Concurrent;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>What waits to be written: bounded, and given to the log's one writer in groups, on a thread of its own.</summary>
internal sealed class AppendQueue : IDisposable
{
    private readonly EventLogOptions _options;
    private readonly Action<List<PendingAppend>> _write;
    private readonly BlockingCollection<PendingAppend> _queue;
    private readonly Thread _thread;
    private long _bytes;
    private volatile bool _closed;

    /// <param name="write">Writes a group, never empty, and tells every append in it what became of it; throws nothing.</param>
    public AppendQueue(EventLogOptions options, Action<List<PendingAppend>> write)
    {
        (_options, _write) = (options, write);
        _queue = new BlockingCollection<PendingAppend>(options.QueueLength);
        _thread = new Thread(WriteGroups) { IsBackground = true, Name = "event log writer" };
        _thread.Start();
    }

    /// <exception cref="EventStoreBusyException">Too much waits already.</exception>
    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct)
    {
        NewEvents.Check(events);
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_closed, typeof(IEventStore));
        var append = new PendingAppend(events);
        if (Interlocked.Add(ref _bytes, append.Bytes) > _options.QueueBytes && Volatile.Read(ref _bytes) > append.Bytes)
        {
            Interlocked.Add(ref _bytes, -append.Bytes);
            throw new EventStoreBusyException($"More than {_options.QueueBytes} bytes of events wait to be written.");
        }
        if (!TryQueue(append))
        {
            Interlocked.Add(ref _bytes, -append.Bytes);
            throw new EventStoreBusyException($"{_options.QueueLength} appends wait to be written.");
        }
        return ct.CanBeCanceled ? WithdrawableAsync(append, ct) : append.Completion;
    }

    /// <summary>Writes what was accepted, and takes nothing more.</summary>
    public void Dispose()
    {
        if (_closed)
            return;
        _closed = true;
        _queue.CompleteAdding();
        _thread.Join();
        _queue.Dispose();
    }

    private static async Task<AppendResult> WithdrawableAsync(PendingAppend append, CancellationToken ct)
    {
        await using var registration = ct.UnsafeRegister(static (state, token) => ((PendingAppend)state!).Withdraw(token), append);
        return await append.Completion.ConfigureAwait(false);
    }

    private bool TryQueue(PendingAppend append)
    {
        try
        {
            return _queue.TryAdd(append);
        }
        catch (InvalidOperationException) when (_closed)
        {
            throw new ObjectDisposedException(nameof(IEventStore)); // closed since it was asked
        }
    }

    private void WriteGroups()
    {
        var group = new List<PendingAppend>();
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            Take(first, group);
            while (group.Count < _options.GroupLength && _queue.TryTake(out var next))
                Take(next, group);
            if (group.Count > 0)
                _write(group);
            group.Clear();
        }
    }

    private void Take(PendingAppend append, List<PendingAppend> group)
    {
        Interlocked.Add(ref _bytes, -append.Bytes);
        if (append.TryBegin())
            group.Add(append);
    }
}
