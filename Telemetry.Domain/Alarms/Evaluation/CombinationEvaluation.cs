namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>Rules over the states of other alarms.</summary>
/// <remarks>Source: aodh/evaluator/combination.py.</remarks>
public static class CombinationEvaluation
{
    /// <summary>What an alarm does about the states of others; null where it does nothing.</summary>
    /// <param name="stateOf">The state of an alarm as it is stored now, null where there is no such alarm.</param>
    public static Refresh? Evaluate(Alarm alarm, CombinationRule rule, Func<string, AlarmState?> stateOf)
    {
        var states = rule.AlarmIds.Select(id => (Id: id, State: stateOf(id) ?? AlarmState.InsufficientData)).ToList();
        var unknown = states.Where(s => s.State == AlarmState.InsufficientData).Select(s => s.Id).ToList();
        var anyAlarm = states.Any(s => s.State == AlarmState.Alarm);
        if (unknown.Count > 0 && !(rule.Operator == LogicalOperator.Or && anyAlarm))
        {
            return alarm.State == AlarmState.InsufficientData
                ? null
                : new(AlarmState.InsufficientData, $"Alarms {string.Join(',', unknown)} are in unknown state", Data(unknown));
        }
        var fires = rule.Operator == LogicalOperator.And ? states.All(s => s.State == AlarmState.Alarm) : anyAlarm;
        var state = fires ? AlarmState.Alarm : AlarmState.Ok;
        if (state == alarm.State && !alarm.Definition.Repeats)
            return null;
        var due = states.Where(s => s.State == state).Select(s => s.Id).ToList();
        var change = state == alarm.State ? "Remaining as" : "Transition to";
        return new(state, $"{change} {state.Name()} due to alarms {string.Join(',', due)} in state {state.Name()}", Data(due));
    }

    private static string Data(List<string> ids) => AlarmJson.Text(w =>
    {
        w.WriteStartObject();
        w.WriteString("type", CombinationRule.Name);
        w.WritePropertyName("alarm_ids");
        AlarmJson.WriteTexts(w, ids);
        w.WriteEndObject();
    });
}
