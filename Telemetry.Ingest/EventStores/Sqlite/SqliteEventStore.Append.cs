using Microsoft.Data.Sqlite;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

internal sealed partial class SqliteEventStore
{
    private const int SqliteBusy = 5, SqliteIoError = 10, SqliteFull = 13;

    private readonly SqliteConnection _writerConnection;

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default)
    {
        NewEvents.Check(events);
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        var append = new PendingAppend(events);
        if (Interlocked.Add(ref _queuedBytes, append.Bytes) > _options.QueueBytes && Volatile.Read(ref _queuedBytes) > append.Bytes)
        {
            Interlocked.Add(ref _queuedBytes, -append.Bytes);
            throw new EventStoreBusyException($"More than {_options.QueueBytes} bytes of events wait to be written.");
        }
        if (!TryQueue(append))
        {
            Interlocked.Add(ref _queuedBytes, -append.Bytes);
            throw new EventStoreBusyException($"{_options.QueueLength} appends wait to be written.");
        }
        return ct.CanBeCanceled ? WithdrawableAsync(append, ct) : append.Completion;
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
        catch (InvalidOperationException) when (_disposed)
        {
            throw new ObjectDisposedException(nameof(SqliteEventStore)); // closed since it was asked
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
            WriteGroup(group);
            group.Clear();
            if (_checkpointer.Behind)
                _checkpointer.Finish(_writerConnection);
        }
    }

    private void Take(PendingAppend append, List<PendingAppend> group)
    {
        Interlocked.Add(ref _queuedBytes, -append.Bytes);
        if (append.TryBegin())
            group.Add(append);
    }

    private void WriteGroup(List<PendingAppend> group)
    {
        if (group.Count == 0)
            return;
        var written = new List<PendingAppend>(group.Count);
        try
        {
            _writer.Begin();
            foreach (var append in group)
            {
                try
                {
                    _writer.Write(append);
                    written.Add(append);
                }
                catch (Exception e) when (e is WrongExpectedVersionException or ArgumentException)
                {
                    append.Fail(e);
                }
            }
            _writer.Commit();
        }
        catch (Exception e) // whatever it is, the callers wait for an answer
        {
            Undo(group, written, e);
            return;
        }
        _checkpointer.Wrote(_writer.Pages);
        Volatile.Write(ref _head, _writer.Head);
        foreach (var append in written)
            _feed.Publish(append.Recorded);
        foreach (var append in written)
            append.Succeed();
    }

    // One append may be what made the group fail, so each is tried on its own before it is refused.
    private void Undo(List<PendingAppend> group, List<PendingAppend> written, Exception cause)
    {
        Log.WriteFailed(_logger, group.Count, cause);
        try
        {
            _writer.Rollback();
        }
        catch (SqliteException e)
        {
            Log.WriteFailed(_logger, group.Count, e);
        }
        var left = group.Where(append => !append.Completion.IsCompleted).ToList();
        if (group.Count > 1)
        {
            foreach (var append in left)
            {
                append.Recorded = [];
                WriteGroup([append]);
            }
            return;
        }
        foreach (var append in left)
            append.Fail(Translate(cause));
    }

    private Exception Translate(Exception cause) => (cause as SqliteException)?.SqliteErrorCode switch
    {
        SqliteFull => new EventStoreFullException($"There is no space left for the event log '{_file.Path}'.", cause),
        SqliteIoError when NoSpace() => new EventStoreFullException($"There is no space left for the event log '{_file.Path}'.", cause),
        SqliteBusy => new EventStoreBusyException($"Another program has locked the event log '{_file.Path}'.", cause),
        _ => cause,
    };

    private bool NoSpace()
    {
        try
        {
            return new DriveInfo(_file.Path).AvailableFreeSpace < 1 << 20;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
