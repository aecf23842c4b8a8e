using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>One record of an alarm's history, as the API shows it.</summary>
/// <param name="Type">creation, rule change, state transition or deletion.</param>
/// <param name="Detail">A JSON object as text, in Python's spelling.</param>
/// <param name="Severity">Only to filter and sort by; null for a state set by hand.</param>
public sealed record AlarmChange(
    Guid EventId, string AlarmId, string Type, string Detail, string? UserId, string? ProjectId, string? OnBehalfOf, DateTimeOffset At, AlarmSeverity? Severity);

/// <summary>History as it follows from an alarm's events.</summary>
public static class AlarmHistory
{
    public const string Creation = "creation";
    public const string RuleChange = "rule change";
    public const string StateTransition = "state transition";
    public const string Deletion = "deletion";

    public static readonly IReadOnlyList<string> Types = [Creation, RuleChange, StateTransition, Deletion];

    /// <summary>Oldest first.</summary>
    /// <param name="events">The whole stream of one alarm.</param>
    public static IReadOnlyList<AlarmChange> Of(IEnumerable<StreamEvent> events)
    {
        var changes = new List<AlarmChange>();
        Alarm? alarm = null;
        foreach (var stored in events)
        {
            var happened = AlarmEvents.Read(stored.Event);
            var after = AlarmDecider.Evolve(alarm, happened);
            if (Describe(alarm, after, happened, stored.Id) is { } change)
                changes.Add(change);
            alarm = after;
        }
        return changes;
    }

    /// <summary>The record that one event makes; null for a change that changed nothing.</summary>
    public static AlarmChange? Describe(Alarm? before, Alarm after, AlarmEvent happened, Guid eventId)
    {
        AlarmChange Change(string type, string detail, AlarmSeverity? severity) =>
            new(eventId, after.Id, type, detail, happened.By.UserId, happened.By.ProjectId, happened.By.OnBehalfOf, happened.At, severity);

        switch (happened)
        {
            case AlarmEvent.AlarmCreated e:
                return Change(Creation, PythonJson.FormatObject(AlarmJson.Fields(after)), e.Definition.Severity);
            case AlarmEvent.AlarmChanged:
                var changed = AlarmJson.Fields(after).Except(AlarmJson.Fields(before!)).Where(f => f.Key is not ("timestamp" or "state_timestamp")).ToList();
                return changed is []
                    ? null
                    : Change(RuleChange, PythonJson.FormatObject(changed), changed.Any(f => f.Key == "severity") ? after.Definition.Severity : null);
            case AlarmEvent.AlarmStateChanged e:
                var key = e.Cause == ChangeCause.Manual ? "state_reason" : "transition_reason";
                return Change(
                    StateTransition,
                    PythonJson.FormatObject([new("state", AlarmJson.Text(w => w.WriteStringValue(e.To.Name()))), new(key, AlarmJson.Text(w => w.WriteStringValue(e.Reason)))]),
                    e.Cause == ChangeCause.Manual ? null : after.Definition.Severity);
            default:
                return Change(Deletion, PythonJson.FormatObject(AlarmJson.Fields(after)), after.Definition.Severity);
        }
    }
}
