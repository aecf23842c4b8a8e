using Microsoft.Data.Sqlite;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

internal sealed partial class SqliteEventStore
{
    private const int SqliteBusy = 5, SqliteIoError = 10, SqliteFull = 13;

    private readonly SqliteConnection _writerConnection;

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) => _queue.AppendAsync(events, ct);

    private void WriteGroup(List<PendingAppend> group)
    {
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
        if (_checkpointer.Behind)
            _checkpointer.Finish(_writerConnection);
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
