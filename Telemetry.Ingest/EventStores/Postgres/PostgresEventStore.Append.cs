using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

internal sealed partial class PostgresEventStore
{
    private const int RetryMilliseconds = 100;
    private const int ProbeMilliseconds = 1_000;

    private long _refusedUntil; // 0 while the database answers; on the clock of Environment.TickCount64, as the next
    private long _lostAt;

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IEventStore));
        // Now and then one is let through to see whether the database answers again; the others need not wait for that.
        var until = Volatile.Read(ref _refusedUntil);
        var now = Environment.TickCount64;
        if (until > 0 && (now < until || Interlocked.CompareExchange(ref _refusedUntil, now + 1_000L * _options.TimeoutSeconds + ProbeMilliseconds, until) != until))
            throw new EventStoreBusyException("The database of the event log does not answer.");
        return _queue.AppendAsync(events, ct);
    }

    private void WriteGroup(List<PendingAppend> group)
    {
        if (Volatile.Read(ref _refusedUntil) > 0)
        {
            // What was queued before the database was lost has waited long enough.
            Fail(group.Where(a => a.QueuedAt <= _lostAt), new EventStoreBusyException("The database of the event log does not answer."));
            group.RemoveAll(a => a.Completion.IsCompleted);
        }
        var giveUpAt = Environment.TickCount64 + 1_000L * _options.TimeoutSeconds;
        while (group.Count > 0)
        {
            try
            {
                var written = _writer.Write(_writing ??= OpenWriter(), group);
                if (Interlocked.Exchange(ref _refusedUntil, 0) > 0)
                    Log.Available(_logger);
                if (written.SelectMany(a => a.Recorded).ToList() is [_, ..] events)
                    _follower.Committed(events);
                foreach (var append in written)
                    append.Succeed();
                return;
            }
            catch (Exception e) when (PostgresErrors.IsLost(e))
            {
                // The ids of the events tell what was stored, should the answer alone have been lost; and who still writes still has the lock.
                _writer.Forget();
                CloseWriter();
                group.RemoveAll(a => a.Completion.IsCompleted);
                if (Environment.TickCount64 < giveUpAt && !_closing.Wait(RetryMilliseconds))
                {
                    Log.WriteRepeated(_logger, group.Count, e);
                    continue;
                }
                Log.Unavailable(_logger, e);
                _lostAt = Environment.TickCount64;
                Volatile.Write(ref _refusedUntil, _lostAt + ProbeMilliseconds);
                Fail(group, PostgresErrors.Translate(e));
                return;
            }
            catch (Exception e) // whatever it is, the callers wait for an answer
            {
                Log.WriteFailed(_logger, group.Count, e);
                Rollback();
                Undo(group, e);
                return;
            }
        }
    }

    // One append may be what made the group fail, so each is tried on its own before it is refused.
    private void Undo(List<PendingAppend> group, Exception cause)
    {
        var left = group.Where(append => !append.Completion.IsCompleted).ToList();
        var error = PostgresErrors.Translate(cause);
        if (group.Count == 1 || error is EventStoreBusyException)
        {
            Fail(left, error);
            return;
        }
        foreach (var append in left)
        {
            append.Recorded = [];
            WriteGroup([append]);
        }
    }

    private void Rollback()
    {
        try
        {
            if (_writing is not null)
            {
                using var rollback = new NpgsqlCommand("rollback", _writing);
                rollback.ExecuteNonQuery();
            }
        }
        catch (Exception e) when (PostgresErrors.IsLost(e))
        {
            CloseWriter();
        }
    }

    private static void Fail(IEnumerable<PendingAppend> appends, Exception cause)
    {
        foreach (var append in appends)
            append.Fail(cause);
    }
}
