using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>While a server does not answer, appends are refused at once: not each of them waits for the time to run out.</summary>
internal sealed class Outage(string message, int timeoutSeconds)
{
    private const int ProbeMilliseconds = 1_000;

    private long _refusedUntil; // 0 while the server answers; on the clock of Environment.TickCount64, as the next
    private long _lostAt;

    /// <summary>Now and then one is let through to see whether the server answers again; the others need not wait for that.</summary>
    /// <exception cref="EventStoreBusyException">The server does not answer.</exception>
    public void Check()
    {
        var until = Volatile.Read(ref _refusedUntil);
        var now = Environment.TickCount64;
        if (until > 0 && (now < until || Interlocked.CompareExchange(ref _refusedUntil, now + 1_000L * timeoutSeconds + ProbeMilliseconds, until) != until))
            throw new EventStoreBusyException(message);
    }

    /// <summary>Refuses what was queued before the server was lost: it has waited long enough.</summary>
    public void FailOld(List<PendingAppend> group)
    {
        if (Volatile.Read(ref _refusedUntil) == 0)
            return;
        foreach (var append in group.Where(a => a.QueuedAt <= _lostAt))
            append.Fail(new EventStoreBusyException(message));
        group.RemoveAll(a => a.Completion.IsCompleted);
    }

    public void Begin()
    {
        _lostAt = Environment.TickCount64;
        Volatile.Write(ref _refusedUntil, _lostAt + ProbeMilliseconds);
    }

    /// <summary>The server has answered; true where it had not before.</summary>
    public bool End() => Interlocked.Exchange(ref _refusedUntil, 0) > 0;
}
