using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Alarms;

/// <summary>One action that was called, and what came of it; stored in <c>deliveries-{alarm id}</c>.</summary>
/// <param name="Cause">The event that is told of, the transition's; for a repetition an id of its own.</param>
/// <param name="Action">As the owner wrote it.</param>
/// <param name="Outcome"><c>delivered</c>, <c>failed</c> (nobody answered) or <c>refused</c> (not sent).</param>
/// <param name="Detail">The status that came back, or why it was not sent.</param>
/// <param name="Attempts">How often it was tried.</param>
public sealed record AlarmDelivery(
    Guid Cause, string Action, AlarmState State, string Outcome, string Detail, int Attempts, DateTimeOffset SentAt, TimeSpan Took)
{
    public const string Category = "deliveries";
    public const string EventType = "action-delivered";
    public const string Delivered = "delivered";
    public const string Failed = "failed";
    public const string Refused = "refused";

    public static StreamName StreamOf(string alarmId) => new(Category, alarmId);

    /// <summary>The event to append; telling of the same cause by the same action is one event.</summary>
    public NewEvent ToEvent(string alarmId) => new(
        EventId.FromName(System.Text.Encoding.UTF8.GetBytes($"{Cause}\n{Action}")), EventType, new EventBody.Json(AlarmJson.Bytes(w =>
        {
            w.WriteStartObject();
            Write(w);
            w.WriteEndObject();
        })), [new(StreamOf(alarmId))]);

    /// <summary>Writes the members of the JSON object, as stored and as shown.</summary>
    public void Write(Utf8JsonWriter w)
    {
        w.WriteString("cause", Cause);
        w.WriteString("action", Action);
        w.WriteString("state", State.Name());
        w.WriteString("outcome", Outcome);
        w.WriteString("detail", Detail);
        w.WriteNumber("attempts", Attempts);
        w.WriteString("sent_at", AlarmJson.Time(SentAt));
        w.WriteNumber("took_ms", (long)Took.TotalMilliseconds);
    }

    /// <exception cref="FormatException">It is no delivery, or damaged.</exception>
    public static AlarmDelivery Read(RecordedEvent recorded)
    {
        if (recorded.Type != EventType || recorded.Body is not EventBody.Json json)
            throw new FormatException($"Event {recorded.Id} ({recorded.Type}) is no delivery.");
        using var document = JsonDocument.Parse(json.Utf8);
        var o = document.RootElement;
        return new(
            o.GetProperty("cause").GetGuid(), o.GetProperty("action").GetString()!, AlarmNames.State(o.GetProperty("state").GetString()) ?? AlarmState.InsufficientData,
            o.GetProperty("outcome").GetString()!, o.GetProperty("detail").GetString()!, o.GetProperty("attempts").GetInt32(),
            AlarmEvents.ReadTime(o, "sent_at"), TimeSpan.FromMilliseconds(o.GetProperty("took_ms").GetInt64()));
    }
}
