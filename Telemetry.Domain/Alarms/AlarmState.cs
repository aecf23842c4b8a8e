namespace Telemetry.Domain.Alarms;

/// <summary>What an alarm says about what it watches.</summary>
public enum AlarmState
{
    /// <summary>The rule does not hold.</summary>
    Ok,

    /// <summary>The rule holds.</summary>
    Alarm,

    /// <summary>There is too little to tell.</summary>
    InsufficientData,
}

/// <summary>How grave an alarm is; the order is the order of meaning.</summary>
public enum AlarmSeverity
{
    Low,
    Moderate,
    Critical,
}
