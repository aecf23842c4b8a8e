using System.Collections.Concurrent;
using Telemetry.Domain.Alarms.Evaluation;

namespace Telemetry.Agents.Alarms.Actions;

/// <summary>Keeps the newest notifications of <c>test</c> actions in memory.</summary>
internal sealed class TestAction
{
    private const int MaxKept = 1_000;
    private readonly ConcurrentQueue<AlarmNotification> _kept = [];

    public IReadOnlyList<AlarmNotification> Kept => [.. _kept];

    public void Keep(AlarmNotification notification)
    {
        _kept.Enqueue(notification);
        while (_kept.Count > MaxKept)
            _kept.TryDequeue(out _);
    }
}
