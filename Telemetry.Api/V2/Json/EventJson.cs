using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.V2.Json;

/// <summary>Telemetry events as Ceilometer shows them: values of traits are always text.</summary>
internal static class EventJson
{
    public static void Write(Utf8JsonWriter json, TelemetryEvent e)
    {
        json.WriteStartObject();
        json.WriteString("message_id"u8, e.MessageId);
        json.WriteString("event_type"u8, e.EventType);
        json.WriteString("generated"u8, UnixMicroseconds.Format(e.GeneratedAt));
        json.WriteStartArray("traits"u8);
        foreach (var trait in e.Traits)
            Write(json, trait);
        json.WriteEndArray();
        json.WritePropertyName("raw"u8);
        e.Raw.WriteTo(json);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, Trait trait)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, trait.Name);
        json.WriteString("type"u8, trait.Type.Name());
        json.WriteString("value"u8, trait.Text);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, TraitDescription trait)
    {
        json.WriteStartObject();
        json.WriteString("name"u8, trait.Name);
        json.WriteString("type"u8, trait.Type.Name());
        json.WriteEndObject();
    }
}
