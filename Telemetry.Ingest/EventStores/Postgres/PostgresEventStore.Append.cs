using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

internal sealed partial class PostgresEventStore
{
    private const int RetryMilliseconds = 100;

    private readonly Outage _outage;

    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(IEventStore));
        _outage.Check();
        return _queue.AppendAsync(events, ct);
    }

    private void WriteGroup(List<PendingAppend> group)
    {
        _outage.FailOld(group);
        var giveUpAt = Environment.TickCount64 + 1_000L * _options.TimeoutSeconds;
        while (group.Count > 0)
        {
            try
            {
                var written = _writer.Write(_writing ??= OpenWriter(), group);
                if (_outage.End())
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
                _outage.Begin();
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
            using var rollback = new NpgsqlCommand("rollback", _writing);
            rollback.ExecuteNonQuery();
        }
#pragma warning disable CA1031 // a connection that cannot even do this is of no use: the next group opens another
        catch
#pragma warning restore CA1031
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
