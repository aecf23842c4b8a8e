using System.Text.Json;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes alarms and their history as the API shows them.</summary>
internal static class AlarmAnswer
{
    /// <summary>One alarm, its rule under <c>TYPE_rule</c>.</summary>
    public static void Write(Utf8JsonWriter json, Alarm alarm)
    {
        json.WriteStartObject();
        foreach (var (name, value) in AlarmJson.Fields(alarm))
        {
            json.WritePropertyName(name == "rule" ? $"{alarm.Definition.Rule.Type}_rule" : name);
            json.WriteRawValue(value, skipInputValidation: true);
        }
        json.WriteString("evaluate_timestamp", AlarmJson.Time(alarm.EvaluatedAt));
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, AlarmChange change)
    {
        json.WriteStartObject();
        json.WriteString("event_id", change.EventId.ToString());
        json.WriteString("alarm_id", change.AlarmId);
        json.WriteString("type", change.Type);
        json.WriteString("detail", change.Detail);
        json.WriteString("user_id", change.UserId);
        json.WriteString("project_id", change.ProjectId);
        json.WriteString("on_behalf_of", change.OnBehalfOf);
        json.WriteString("timestamp", AlarmJson.Time(change.At));
        json.WriteEndObject();
    }
}
