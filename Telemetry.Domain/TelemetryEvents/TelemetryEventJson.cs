using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>
/// A telemetry event as JSON, as Ceilometer's agents send it and the log keeps it:
/// <c>{message_id, event_type, generated, traits: [[name, type, value]], raw}</c>, types by <see cref="TraitType"/>'s numbers.
/// </summary>
/// <remarks>Source: message_from_event in ceilometer/publisher/utils.py.</remarks>
public static class TelemetryEventJson
{
    private static readonly string[] TimeFormats = ["yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ss.ffffff"];

    /// <summary>Writes the properties of the event's object.</summary>
    /// <param name="withEmptyRaw">Whether <c>raw</c> is there too where it holds nothing.</param>
    public static void WriteProperties(Utf8JsonWriter json, TelemetryEvent e, bool withEmptyRaw)
    {
        json.WriteString("message_id"u8, e.MessageId);
        json.WriteString("event_type"u8, e.EventType);
        json.WriteString("generated"u8, UnixMicroseconds.Format(e.GeneratedAt));
        json.WriteStartArray("traits"u8);
        foreach (var trait in e.Traits)
        {
            json.WriteStartArray();
            json.WriteStringValue(trait.Name);
            json.WriteNumberValue((int)trait.Type);
            switch (trait.Type)
            {
                case TraitType.Integer: json.WriteNumberValue(trait.Value.Integer); break;
                case TraitType.Float: json.WriteRawValue(PythonJson.Text(trait.Value.Number), skipInputValidation: true); break;
                default: json.WriteStringValue(trait.Text); break;
            }
            json.WriteEndArray();
        }
        json.WriteEndArray();
        if (!withEmptyRaw && !e.HasRaw)
            return;
        json.WritePropertyName("raw"u8);
        e.Raw.WriteTo(json);
    }

    /// <summary>Reads what <see cref="WriteProperties"/> wrote; what others send is read with more care.</summary>
    /// <exception cref="FormatException">It is something else.</exception>
    public static TelemetryEvent Read(JsonElement json)
    {
        try
        {
            var e = new TelemetryEvent(
                json.GetProperty("message_id"u8).GetString()!, json.GetProperty("event_type"u8).GetString()!,
                ReadTime(json.GetProperty("generated"u8)), [.. json.GetProperty("traits"u8).EnumerateArray().Select(ReadTrait)]);
            return json.TryGetProperty("raw"u8, out var raw) ? e with { Raw = raw.Clone() } : e;
        }
        catch (Exception e) when (e is KeyNotFoundException or InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            throw new FormatException($"A stored telemetry event cannot be read: {e.Message}", e);
        }
    }

    private static Trait ReadTrait(JsonElement trait) => new(trait[0].GetString()!, (TraitType)trait[1].GetByte() switch
    {
        TraitType.Text => QueryValue.Of(trait[2].GetString()!),
        TraitType.Integer => QueryValue.Of(trait[2].GetInt64()),
        TraitType.Float => QueryValue.Of(PythonJson.Double(trait[2])),
        TraitType.Datetime => QueryValue.Instant(ReadTime(trait[2])),
        var other => throw new FormatException($"There is no trait type {other}."),
    });

    private static long ReadTime(JsonElement time) => UnixMicroseconds.From(
        DateTimeOffset.ParseExact(time.GetString()!, TimeFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal));
}
