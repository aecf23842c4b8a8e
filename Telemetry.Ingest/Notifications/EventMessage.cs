using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions.Paths;

namespace Telemetry.Ingest.Notifications;

/// <summary>A telemetry event as Ceilometer's agents send it to each other: <see cref="TelemetryEventJson"/>, signed.</summary>
internal static class EventMessage
{
    public const int MaxTraits = 1_000;

    /// <summary>The message of an event, signed; without a signature where no secrets are given.</summary>
    public static byte[] Write(TelemetryEvent made, SigningSecrets? secrets) =>
        SignedMessage.Write(secrets, writer => TelemetryEventJson.WriteProperties(writer, made, withEmptyRaw: true));

    /// <exception cref="FormatException">A field is missing or wrong; the message names it.</exception>
    public static TelemetryEvent Read(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw new FormatException("An event is no JSON object.");
        JsonElement? Field(string name) => SampleFields.Find(message, name);
        var traits = Field("traits") is { ValueKind: JsonValueKind.Array } list
            ? list.GetArrayLength() <= MaxTraits
                ? list.EnumerateArray().Select(ReadTrait).ToList()
                : throw new FormatException($"'traits' has {list.GetArrayLength()} entries; at most {MaxTraits} are kept.")
            : throw new FormatException("'traits' is no list.");
        try
        {
            var read = new TelemetryEvent(
                SampleFields.Required("message_id", Field("message_id")),
                SampleFields.Required("event_type", Field("event_type")),
                SampleFields.Timestamp("generated", Field("generated")),
                traits);
            return Field("raw") is { ValueKind: JsonValueKind.Object } raw ? read with { Raw = raw.Clone() } : read;
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static Trait ReadTrait(JsonElement trait)
    {
        if (trait.ValueKind != JsonValueKind.Array || trait.GetArrayLength() != 3 || trait[0].ValueKind != JsonValueKind.String)
            throw new FormatException("'traits' has an entry that is not [name, type, value].");
        var (name, value) = (trait[0].GetString()!, trait[2]);
        var type = JsonValues.IsInteger(trait[1], out var number) && Enum.IsDefined((TraitType)number)
            ? (TraitType)number
            : throw new FormatException($"Trait '{name}' has the type {trait[1].GetRawText()}, which does not exist.");
        QueryValue? read = type switch
        {
            TraitType.Integer => JsonValues.IsInteger(value, out var integer) ? QueryValue.Of(integer) : null,
            TraitType.Float => JsonValues.Number(value) is { } real ? QueryValue.Of(real) : null,
            TraitType.Datetime => SampleFields.Instant(PythonText.Of(value)) is { } at ? QueryValue.Instant(at) : null,
            _ => QueryValue.Of(PythonText.Of(value)),
        };
        try
        {
            return new(name, read ?? throw new FormatException($"Trait '{name}' is to be {type.Name()}, but its value is {PythonText.Repr(value)}."));
        }
        catch (ArgumentException e)
        {
            throw new FormatException($"Trait '{name}' cannot be kept: {e.Message}", e);
        }
    }
}
