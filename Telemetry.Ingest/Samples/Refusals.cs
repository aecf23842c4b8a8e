using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.Samples;

/// <summary>Counts refused requests, and logs them: one a second, with how many went unlogged, so that a broken sender cannot fill a disk.</summary>
public sealed class Refusals(IntakeMetrics metrics, ILogger<Refusals> logger, TimeProvider clock)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private long? _loggedAt;
    private int _unlogged;

    /// <param name="reason">One of a few words; the label of the counter.</param>
    /// <param name="message">What the sender was told.</param>
    public void Add(string reason, string message)
    {
        metrics.Refused(reason);
        LogOneASecond(reason, message);
    }

    /// <summary>Samples that had no volume, of a request that is accepted without them.</summary>
    public void AddDropped(int samples)
    {
        metrics.Dropped(samples);
        LogOneASecond("novolume", $"{samples} samples without a volume were dropped.");
    }

    private void LogOneASecond(string reason, string message)
    {
        int unlogged;
        lock (_lock)
        {
            if (_loggedAt is { } at && clock.GetElapsedTime(at) < Pause)
            {
                _unlogged++;
                return;
            }
            _loggedAt = clock.GetTimestamp();
            (unlogged, _unlogged) = (_unlogged, 0);
        }
        Log.SamplesRefused(logger, reason, message, unlogged);
    }
}
