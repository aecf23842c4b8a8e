namespace Telemetry.Domain.Alarms;

/// <summary>When in the week a constraint lets an alarm be evaluated.</summary>
/// <param name="Start">A cron expression of five columns, or six with seconds last.</param>
/// <param name="DurationSeconds">At least 0.</param>
/// <param name="TimeZone">An IANA name; empty is UTC.</param>
public sealed record TimeConstraint(string? Name, string? Description, string Start, int DurationSeconds, string TimeZone = "")
{
    public static string DefaultDescription(string start, int durationSeconds) => $"Time constraint at {start} lasting for {durationSeconds} seconds";
}

/// <summary>What an owner can say about an alarm, but for its state.</summary>
/// <remarks>Null stands for a JSON null that the owner sent: the API gives it back. Null lists are as empty ones, null switches are off.</remarks>
/// <param name="Description">Never empty: the rule's default text stands in.</param>
/// <param name="OkActions">URLs, each once, in the order given.</param>
public sealed record AlarmDefinition(
    string? Name,
    string? Description,
    AlarmRule Rule,
    bool? Enabled,
    AlarmSeverity Severity,
    IReadOnlyList<string>? OkActions,
    IReadOnlyList<string>? AlarmActions,
    IReadOnlyList<string>? InsufficientDataActions,
    bool? RepeatActions,
    IReadOnlyList<TimeConstraint>? TimeConstraints,
    string? UserId,
    string? ProjectId)
{
    /// <summary>What is to be called when a state is entered.</summary>
    public IReadOnlyList<string> ActionsOf(AlarmState state) => state switch
    {
        AlarmState.Ok => OkActions,
        AlarmState.Alarm => AlarmActions,
        _ => InsufficientDataActions,
    } ?? [];

    /// <summary>Whether the evaluator looks at it.</summary>
    public bool IsEnabled => Enabled == true;
    public bool Repeats => RepeatActions == true;
}
