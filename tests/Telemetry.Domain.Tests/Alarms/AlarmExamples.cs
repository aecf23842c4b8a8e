using System.Text.Json;
using Telemetry.Domain.Alarms;

namespace Telemetry.Domain.Tests.Alarms;

/// <summary>Alarms that tests begin with.</summary>
internal static class AlarmExamples
{
    public static readonly DateTimeOffset Now = new(2026, 11, 20, 9, 38, 35, TimeSpan.Zero);
    public static readonly Actor By = new("u", "p", "p");

    public static JsonElement Json(string text) => JsonDocument.Parse(text.Replace('\'', '"')).RootElement;

    /// <summary>Reads a body and gives the alarm that its creation makes.</summary>
    /// <param name="body">JSON with single quotes.</param>
    public static Alarm Alarm(string body, string id = "a1")
    {
        var draft = AlarmDraft.Read(Json(body));
        return AlarmDecider.Evolve(null, new AlarmEvent.AlarmCreated(id, draft.For(draft.Rule, "u", draft.ProjectId ?? "p"), draft.State, By, Now));
    }

    /// <summary>An alarm on cpu above 80, two periods of 60 s.</summary>
    public static Alarm Cpu(AlarmState state = AlarmState.InsufficientData, bool repeats = false, string more = "") => Alarm(
        $$"""
        {'name': 'cpu high', 'type': 'threshold', 'state': '{{state.Name()}}', 'repeat_actions': {{(repeats ? "true" : "false")}},
         'alarm_actions': ['http://h/alarm'], 'ok_actions': ['http://h/ok'], 'insufficient_data_actions': ['http://h/none'],
         'threshold_rule': {'meter_name': 'cpu', 'threshold': 80, 'comparison_operator': 'gt', 'evaluation_periods': 2 {{more}} }
        }
        """);
}
