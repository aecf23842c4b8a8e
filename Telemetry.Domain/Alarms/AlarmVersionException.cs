namespace Telemetry.Domain.Alarms;

/// <summary>An alarm was changed since its caller looked at it; nothing was stored.</summary>
public sealed class AlarmVersionException(string alarmId, long expected, long actual) : Exception($"Alarm {alarmId} is at version {actual}, not at {expected} as expected.")
{
    public long Expected { get; } = expected;
    public long Actual { get; } = actual;
}
