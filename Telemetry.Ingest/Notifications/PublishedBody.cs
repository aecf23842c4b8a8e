using System.Runtime.InteropServices;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Definitions;

namespace Telemetry.Ingest.Notifications;

/// <summary>What Ceilometer's <c>http://</c> publishers post: a JSON list of samples or events, or one of them.</summary>
public static class PublishedBody
{
    private const string RawType = "raw";

    /// <exception cref="FormatException">A sample is wrong; the message names it by its place, from 0, and the field.</exception>
    public static IReadOnlyList<SampleInFlight> ReadSamples(ReadOnlyMemory<byte> body) => Read(body, "Sample", SampleMessage.ReadPublished);

    /// <param name="secrets">These publishers do not sign; an event that is signed all the same has to be signed rightly.</param>
    /// <param name="now">The time of payloads that say none, microseconds since 1970.</param>
    /// <exception cref="FormatException">An event is wrong; the message names it by its place, from 0, and the field.</exception>
    public static IReadOnlyList<TelemetryEvent> ReadEvents(ReadOnlyMemory<byte> body, SigningSecrets secrets, long now) => Read(body, "Event", message =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(MessageSignature.Field, out _) && !MessageSignature.Verify(message, secrets)
            ? throw new FormatException($"'{MessageSignature.Field}' is wrong.")
            : IsPayload(message) ? OfPayload(message, now) : EventMessage.Read(message));

    /// <summary>Whether it is what a publisher with <c>raw_only</c> sends: of a notification the payload alone.</summary>
    private static bool IsPayload(JsonElement message) => message.ValueKind == JsonValueKind.Object && message.GetPropertyCount() > 0
        && !message.TryGetProperty("message_id", out _) && !message.TryGetProperty("event_type", out _) && !message.TryGetProperty("traits", out _);

    /// <summary>An event of the type <see cref="RawType"/> with the default traits; its id and time are those of an audit record (CADF), else they follow from the text and the clock.</summary>
    private static TelemetryEvent OfPayload(JsonElement payload, long now)
    {
        var isAudit = SampleFields.Find(payload, "typeURI") is not null;
        var id = (isAudit ? SampleFields.Text("id", SampleFields.Find(payload, "id")) : null) ?? EventId.FromName(JsonMarshal.GetRawUtf8Value(payload)).ToString();
        var at = isAudit && SampleFields.Find(payload, "eventTime") is { } time ? SampleFields.Timestamp("eventTime", time) : now;
        var presented = JsonSerializer.SerializeToElement(new Dictionary<string, JsonElement> { ["payload"] = payload });
        try
        {
            return new TelemetryEvent(id, RawType, at, [.. EventDefinition.CatchAll.Traits.Select(t => t.Find(presented)).OfType<Trait>()]) { Raw = presented };
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static List<T> Read<T>(ReadOnlyMemory<byte> body, string what, Func<JsonElement, T> read)
    {
        JsonDocument document;
        try
        {
            document = PythonJson.Parse(body);
        }
        catch (JsonException e)
        {
            throw new FormatException($"The body is no JSON: {e.Message}", e);
        }
        using (document)
        {
            var items = new List<T>();
            JsonElement[] given = document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray()] : [document.RootElement];
            foreach (var item in given)
            {
                try
                {
                    items.Add(read(item));
                }
                catch (Exception e) when (e is FormatException or InvalidOperationException)
                {
                    throw new FormatException($"{what} {items.Count}: {e.Message}", e);
                }
            }
            return items;
        }
    }
}
