using System.Collections.Concurrent;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>How often the evaluations of each alarm ended in which definite state since the start.</summary>
/// <remarks>An alarm that nothing happens to need not be counted in every cycle: it counts on in its state by itself.</remarks>
public sealed class EvaluationCounters
{
    /// <summary>Where a counter begins at 1 again.</summary>
    public const int Max = 2_000_000_000;

    private readonly ConcurrentDictionary<string, Counter> _counters = new(StringComparer.Ordinal);
    private long _cycle;

    /// <summary>Another cycle begins: all alarms are evaluated once more.</summary>
    public void NextCycle() => Interlocked.Increment(ref _cycle);

    /// <summary>Counts an evaluation, and one in every cycle from the next on until the alarm is counted anew.</summary>
    /// <param name="state">Null where it ended in no definite state, or was left out.</param>
    public void Count(string alarmId, AlarmState? state)
    {
        if (state is null && !_counters.ContainsKey(alarmId))
            return;
        var counter = _counters.GetOrAdd(alarmId, static _ => new());
        var cycle = Interlocked.Read(ref _cycle);
        lock (counter)
        {
            if (counter.State is { } before)
                Add(counter.Counts, before, Math.Max(0, cycle - counter.Cycle - 1));
            if (state is { } now)
                Add(counter.Counts, now, 1);
            (counter.State, counter.Cycle) = (state, cycle);
        }
    }

    /// <summary>Counts by the number of <see cref="AlarmState"/>; null for an alarm that was not evaluated.</summary>
    public IReadOnlyList<int>? Of(string alarmId)
    {
        if (!_counters.TryGetValue(alarmId, out var counter))
            return null;
        lock (counter)
        {
            int[] counts = [.. counter.Counts];
            if (counter.State is { } state)
                Add(counts, state, Interlocked.Read(ref _cycle) - counter.Cycle);
            return counts;
        }
    }

    /// <summary>Forgets an alarm that is no more.</summary>
    public void Forget(string alarmId) => _counters.TryRemove(alarmId, out _);

    /// <summary>Forgets alarms that are no more.</summary>
    public void Keep(Func<string, bool> exists)
    {
        foreach (var id in _counters.Keys.Where(id => !exists(id)).ToList())
            Forget(id);
    }

    /// <summary>A counter some evaluations further on.</summary>
    internal static int Plus(int count, long times) => times == 0 ? count : (int)((count + times - 1) % Max) + 1;

    private static void Add(int[] counts, AlarmState state, long times) => counts[(int)state] = Plus(counts[(int)state], times);

    private sealed class Counter
    {
        public readonly int[] Counts = new int[3];
        public AlarmState? State;
        public long Cycle;
    }
}
