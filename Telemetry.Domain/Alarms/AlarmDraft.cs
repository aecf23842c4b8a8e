using System.Text.Json;

namespace Telemetry.Domain.Alarms;

/// <summary>What a client asks an alarm to be: the body of a POST or PUT.</summary>
/// <param name="UserId">Null where the client named none.</param>
public sealed record AlarmDraft(
    string? Name, string? Description, AlarmRule Rule, bool? Enabled, AlarmState State, AlarmSeverity Severity,
    IReadOnlyList<string>? OkActions, IReadOnlyList<string>? AlarmActions, IReadOnlyList<string>? InsufficientDataActions,
    bool? RepeatActions, IReadOnlyList<TimeConstraint>? TimeConstraints, string? UserId, string? ProjectId)
{
    private static readonly string[] Attributes =
    [
        "alarm_id", "name", "description", "enabled", "ok_actions", "alarm_actions", "insufficient_data_actions", "repeat_actions", "type",
        "time_constraints", "user_id", "project_id", "timestamp", "state", "state_timestamp", "state_reason", "severity", "evaluate_timestamp",
        .. AlarmRules.Types.Select(t => $"{t}_rule"),
    ];

    /// <summary>Reads a body: types, mandatory attributes, ranges, defaults, and that it has its one rule.</summary>
    /// <exception cref="AlarmRefusedException">The body is no alarm.</exception>
    public static AlarmDraft Read(JsonElement body)
    {
        var a = AlarmArguments.Read(body, "data", "data", body, Attributes);
        if (!a.Has("name"))
            throw AlarmArguments.Missing("name");
        foreach (var name in (string[])["timestamp", "state_timestamp", "evaluate_timestamp"])
            a.CheckTime(name);
        a.Text("state_reason");
        var draft = new AlarmDraft(
            Limited("name", a.Text("name")), Limited("description", a.Text("description")), null!, a.Boolean("enabled", true),
            (AlarmState)a.Word("state", AlarmNames.States, (int)AlarmState.InsufficientData), (AlarmSeverity)a.Word("severity", AlarmNames.Severities, 0),
            a.Texts("ok_actions"), a.Texts("alarm_actions"), a.Texts("insufficient_data_actions"), a.Boolean("repeat_actions", false),
            CheckedConstraints(body), Limited("user_id", a.Text("user_id")), Limited("project_id", a.Text("project_id")));
        var type = AlarmRules.Types[a.Word("type", AlarmRules.Types, null)];
        if (a.IsNullOrAbsent($"{type}_rule"))
            throw new AlarmRefusedException(Refusal.Invalid, $"{type}_rule must be set for {type} type alarm") { Part = AlarmPart.Rule };
        foreach (var other in AlarmRules.Types)
        {
            if (other != type && !a.IsNullOrAbsent($"{other}_rule"))
                throw AlarmRefusedException.Invalid($"{type}_rule and {other}_rule cannot be set at the same time");
        }
        var rule = AlarmRefusedException.About(AlarmPart.Rule, null, () => AlarmRuleReader.Read(type, body.GetProperty($"{type}_rule"), body));
        return draft with { Rule = rule, Description = string.IsNullOrEmpty(draft.Description) ? rule.DefaultDescription : draft.Description };
    }

    /// <summary>The definition, for an owner.</summary>
    public AlarmDefinition For(AlarmRule rule, string? userId, string? projectId) => new(
        Name, string.IsNullOrEmpty(Description) ? rule.DefaultDescription : Description, rule, Enabled, Severity, OkActions, AlarmActions, InsufficientDataActions,
        RepeatActions, TimeConstraints, userId, projectId);

    /// <exception cref="AlarmRefusedException">Two have the same name.</exception>
    internal void CheckConstraintNames()
    {
        if (TimeConstraints is { } constraints && constraints.Select(c => c.Name).Distinct().Count() < constraints.Count)
            throw new AlarmRefusedException(Refusal.Invalid, "Time constraint names must be unique for a given alarm.") { Part = AlarmPart.TimeConstraint };
    }

    private static IReadOnlyList<TimeConstraint>? CheckedConstraints(JsonElement body)
    {
        var constraints = AlarmRefusedException.About(AlarmPart.TimeConstraint, null, () => AlarmRuleReader.ReadConstraints(body));
        foreach (var constraint in constraints ?? [])
            AlarmRefusedException.About(AlarmPart.TimeConstraint, constraint.Name, () => Checked(constraint));
        return constraints;
    }

    private static TimeConstraint Checked(TimeConstraint constraint)
    {
        if (CronSchedule.Parse(constraint.Start, out var error) is null)
            throw AlarmRefusedException.InvalidInput("start", constraint.Start, error!);
        return Alarms.TimeConstraints.FindZone(constraint.TimeZone) is not null
            ? constraint
            : throw AlarmRefusedException.Invalid($"Timezone {constraint.TimeZone} is not valid");
    }

    private static string? Limited(string field, string? text) => text is not { Length: > AlarmLimits.MaxTextLength }
        ? text
        : throw AlarmRefusedException.InvalidInput(field, $"{text[..32]}…", $"It has {text.Length} characters, at most {AlarmLimits.MaxTextLength} are allowed.");
}
