namespace Telemetry.Ingest.Datagrams;

/// <summary>Counts messages a second. Used by one thread at a time.</summary>
internal sealed class RateLimit(int perSecond, TimeProvider clock)
{
    private long _windowStart = clock.GetTimestamp();
    private int _count;

    /// <summary>Whether one more may be read within this second.</summary>
    public bool TryTake()
    {
        if (clock.GetElapsedTime(_windowStart) >= TimeSpan.FromSeconds(1))
            (_windowStart, _count) = (clock.GetTimestamp(), 0);
        return ++_count <= perSecond;
    }

    /// <summary>Waits until one more may be read.</summary>
    public async ValueTask TakeAsync(CancellationToken ct)
    {
        while (!TryTake())
        {
            var left = TimeSpan.FromSeconds(1) - clock.GetElapsedTime(_windowStart);
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1), clock, ct);
        }
    }
}
