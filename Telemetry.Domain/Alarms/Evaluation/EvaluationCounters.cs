using System.Collections.Concurrent;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>How often the evaluations of each alarm ended in which definite state since the start.</summary>
public sealed class EvaluationCounters
{
    /// <summary>Where a counter begins at 1 again.</summary>
    public const int Max = 2_000_000_000;

    private readonly ConcurrentDictionary<string, int[]> _counts = new(StringComparer.Ordinal);

    public void Count(string alarmId, AlarmState state)
    {
        var counts = _counts.GetOrAdd(alarmId, static _ => new int[3]);
        lock (counts)
            counts[(int)state] = counts[(int)state] >= Max ? 1 : counts[(int)state] + 1;
    }

    /// <summary>Counts by the number of <see cref="AlarmState"/>; null for an alarm that was not evaluated.</summary>
    public IReadOnlyList<int>? Of(string alarmId)
    {
        if (!_counts.TryGetValue(alarmId, out var counts))
            return null;
        lock (counts)
            return [.. counts];
    }

    /// <summary>Forgets alarms that are no more.</summary>
    public void Keep(Func<string, bool> exists)
    {
        foreach (var id in _counts.Keys.Where(id => !exists(id)).ToList())
            _counts.TryRemove(id, out _);
    }
}
