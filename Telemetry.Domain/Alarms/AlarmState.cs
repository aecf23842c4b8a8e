namespace Telemetry.Domain.Alarms;

/// <summary>What an alarm says about what it watches.</summary>
public enum AlarmState
{
    Ok,
    Alarm,
    InsufficientData,
}

/// <summary>How grave an alarm is; the order is the order of meaning.</summary>
public enum AlarmSeverity
{
    Low,
    Moderate,
    Critical,
}
