using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>The stored shape of an alarm's events: JSON whose names were chosen by hand.</summary>
/// <remarks>A shape grows by optional properties only; tests/data/stored holds one file of every version.</remarks>
public static class AlarmEvents
{
    /// <summary>Whether an event belongs to the family.</summary>
    public static bool IsAlarmEvent(RecordedEvent recorded) =>
        recorded.Type is AlarmEvent.AlarmCreated.Name or AlarmEvent.AlarmChanged.Name or AlarmEvent.AlarmStateChanged.Name or AlarmEvent.AlarmDeleted.Name;

    /// <exception cref="FormatException">It is no event of an alarm, or damaged.</exception>
    public static AlarmEvent Read(RecordedEvent recorded) => recorded.Body is EventBody.Json json
        ? Read(recorded.Type, json.Utf8)
        : throw new FormatException($"Event {recorded.Id} ({recorded.Type}) is no event of an alarm.");

    /// <exception cref="FormatException">It is no event of an alarm, or damaged.</exception>
    public static AlarmEvent Read(string type, ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 256 });
            var o = document.RootElement;
            return type switch
            {
                AlarmEvent.AlarmCreated.Name =>
                    new AlarmEvent.AlarmCreated(o.GetProperty("alarm_id").GetString()!, ReadDefinition(o.GetProperty("alarm")), ReadState(o, "state"), ReadActor(o), ReadTime(o)),
                AlarmEvent.AlarmChanged.Name =>
                    new AlarmEvent.AlarmChanged(ReadDefinition(o.GetProperty("alarm")), ReadState(o, "state"), ReadActor(o), ReadTime(o)),
                AlarmEvent.AlarmStateChanged.Name => new AlarmEvent.AlarmStateChanged(
                    ReadState(o, "from"), ReadState(o, "to"), o.GetProperty("reason").GetString()!,
                    o.TryGetProperty("reason_data", out var data) ? data.GetRawText() : null,
                    o.GetProperty("cause").GetString() == "manual" ? ChangeCause.Manual : ChangeCause.Evaluation,
                    Text(o, "window"), ReadActor(o), ReadTime(o)),
                AlarmEvent.AlarmDeleted.Name => new AlarmEvent.AlarmDeleted(ReadActor(o), ReadTime(o)),
                _ => throw new FormatException($"'{type}' is no event of an alarm."),
            };
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or AlarmRefusedException)
        {
            throw new FormatException($"A stored '{type}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The body to store.</summary>
    public static EventBody.Json Write(AlarmEvent happened) => new(AlarmJson.Bytes(w =>
    {
        w.WriteStartObject();
        switch (happened)
        {
            case AlarmEvent.AlarmCreated e:
                w.WriteString("alarm_id", e.AlarmId);
                WriteDefinition(w, e.Definition);
                w.WriteString("state", e.State.Name());
                break;
            case AlarmEvent.AlarmChanged e:
                WriteDefinition(w, e.Definition);
                w.WriteString("state", e.State.Name());
                break;
            case AlarmEvent.AlarmStateChanged e:
                w.WriteString("from", e.From.Name());
                w.WriteString("to", e.To.Name());
                w.WriteString("reason", e.Reason);
                if (e.ReasonData is { } data)
                {
                    w.WritePropertyName("reason_data");
                    w.WriteRawValue(data);
                }
                w.WriteString("cause", e.Cause == ChangeCause.Manual ? "manual" : "evaluation");
                if (e.Window is { } window)
                    w.WriteString("window", window);
                break;
        }
        WriteProvenance(w, happened.By, happened.At);
        w.WriteEndObject();
    }));

    internal static void WriteProvenance(Utf8JsonWriter w, Actor by, DateTimeOffset at)
    {
        w.WriteStartObject("by");
        w.WriteString("user_id", by.UserId);
        w.WriteString("project_id", by.ProjectId);
        w.WriteString("on_behalf_of", by.OnBehalfOf);
        w.WriteEndObject();
        w.WriteString("at", AlarmJson.Time(at));
    }

    private static void WriteDefinition(Utf8JsonWriter w, AlarmDefinition d)
    {
        w.WriteStartObject("alarm");
        w.WriteString("name", d.Name);
        w.WriteString("description", d.Description);
        w.WriteString("type", d.Rule.Type);
        w.WritePropertyName("rule");
        AlarmJson.WriteRule(w, d.Rule, stored: true);
        w.WritePropertyName("enabled");
        AlarmJson.WriteBoolean(w, d.Enabled);
        w.WriteString("severity", d.Severity.Name());
        w.WritePropertyName("ok_actions");
        AlarmJson.WriteTexts(w, d.OkActions);
        w.WritePropertyName("alarm_actions");
        AlarmJson.WriteTexts(w, d.AlarmActions);
        w.WritePropertyName("insufficient_data_actions");
        AlarmJson.WriteTexts(w, d.InsufficientDataActions);
        w.WritePropertyName("repeat_actions");
        AlarmJson.WriteBoolean(w, d.RepeatActions);
        w.WritePropertyName("time_constraints");
        AlarmJson.WriteConstraints(w, d.TimeConstraints);
        w.WriteString("user_id", d.UserId);
        w.WriteString("project_id", d.ProjectId);
        w.WriteEndObject();
    }

    private static AlarmDefinition ReadDefinition(JsonElement o) => new(
        Text(o, "name"), Text(o, "description"), AlarmRuleReader.Read(o.GetProperty("type").GetString()!, o.GetProperty("rule")), Boolean(o, "enabled"),
        AlarmNames.Severity(Text(o, "severity")) ?? throw new FormatException($"'{Text(o, "severity")}' is no severity."),
        Texts(o, "ok_actions"), Texts(o, "alarm_actions"), Texts(o, "insufficient_data_actions"), Boolean(o, "repeat_actions"),
        AlarmRuleReader.ReadConstraints(o), Text(o, "user_id"), Text(o, "project_id"));

    private static AlarmState ReadState(JsonElement o, string name) =>
        AlarmNames.State(Text(o, name)) ?? throw new FormatException($"'{Text(o, name)}' is no state.");

    internal static Actor ReadActor(JsonElement o)
    {
        var by = o.GetProperty("by");
        return new(Text(by, "user_id"), Text(by, "project_id"), Text(by, "on_behalf_of"));
    }

    internal static DateTimeOffset ReadTime(JsonElement o, string name = "at") =>
        DateTimeOffset.Parse(o.GetProperty(name).GetString()!, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);

    private static string? Text(JsonElement o, string name) => o.TryGetProperty(name, out var value) ? value.GetString() : null;

    private static bool? Boolean(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value.GetBoolean() : null;

    private static List<string>? Texts(JsonElement o, string name) =>
        o.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Select(e => e.GetString()!).ToList() : null;
}
