namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>What the actions of an alarm are told when it enters a state, or is in it still.</summary>
/// <param name="Actions">At least one URL, in the owner's order.</param>
/// <param name="ReasonData">A JSON object as text.</param>
public sealed record AlarmNotification(
    string AlarmId, string? AlarmName, AlarmSeverity Severity, AlarmState Previous, AlarmState Current, string Reason, string ReasonData, IReadOnlyList<string> Actions)
{
    /// <summary>What a refresh tells; null where nobody is to be told, or nothing happened.</summary>
    /// <param name="alarm">As it was before.</param>
    public static AlarmNotification? Of(Alarm alarm, Refresh refresh) =>
        refresh.State != alarm.State || refresh.AlwaysRecord || alarm.Definition.Repeats
            ? Of(alarm, alarm.State, refresh.State, refresh.Reason, refresh.ReasonData)
            : null;

    /// <summary>What a stored transition told, to tell it again; null for one that was set by hand, and where nobody is to be told.</summary>
    public static AlarmNotification? Of(Alarm alarm, AlarmEvent.AlarmStateChanged happened) => happened.Cause == ChangeCause.Evaluation
        ? Of(alarm, happened.From, happened.To, happened.Reason, happened.ReasonData ?? "{}")
        : null;

    /// <summary>The body of a webhook: exactly these seven keys.</summary>
    public string Body() => AlarmJson.Text(w =>
    {
        w.WriteStartObject();
        w.WriteString("alarm_name", AlarmName);
        w.WriteString("alarm_id", AlarmId);
        w.WriteString("severity", Severity.Name());
        w.WriteString("previous", Previous.Name());
        w.WriteString("current", Current.Name());
        w.WriteString("reason", Reason);
        w.WritePropertyName("reason_data");
        w.WriteRawValue(ReasonData);
        w.WriteEndObject();
    });

    private static AlarmNotification? Of(Alarm alarm, AlarmState from, AlarmState to, string reason, string data) => alarm.Definition.ActionsOf(to) is { Count: > 0 } actions
        ? new(alarm.Id, alarm.Definition.Name, alarm.Definition.Severity, from, to, reason, data, actions)
        : null;
}
