namespace Telemetry.Domain.Alarms;

/// <summary>What commands about alarms may do; -1 is without a limit.</summary>
/// <param name="ProjectQuota">Alarms of one project, where it has no quota of its own.</param>
/// <param name="UserQuota">Alarms of one user.</param>
/// <param name="MaxActions">Entries of one list of actions.</param>
public sealed record AlarmSettings(int ProjectQuota = -1, int UserQuota = -1, int MaxActions = -1)
{
    /// <summary>The topics of the message bus that actions may publish to; none: such actions are refused.</summary>
    public IReadOnlyList<string> ActionTopics { get; init; } = [];
}
