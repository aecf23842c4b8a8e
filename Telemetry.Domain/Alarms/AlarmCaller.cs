namespace Telemetry.Domain.Alarms;

/// <summary>Who gives a command about alarms.</summary>
public sealed record AlarmCaller(string? UserId, string? ProjectId, bool IsAdmin)
{
    /// <summary>The only project the caller may see; null where it is not limited.</summary>
    public string? LimitedToProject => IsAdmin || string.IsNullOrEmpty(ProjectId) ? null : ProjectId;

    public bool MaySee(Alarm alarm) => LimitedToProject is not { } project || alarm.Definition.ProjectId == project;

    /// <summary>The project that a rule of an owner may look at; null: everything, for an admin's own alarms.</summary>
    public string? RuleScope(string? ownerProject) => LimitedToProject ?? (ownerProject != ProjectId ? ownerProject : null);
}
