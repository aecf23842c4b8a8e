using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>Telemetry events of one project and month that were accepted together: <c>{"events": […]}</c>, each as <see cref="TelemetryEventJson"/> writes it.</summary>
/// <remarks>A shape grows by optional properties only; tests/data/stored holds one file of every version.</remarks>
public static class TelemetryEventsRecorded
{
    /// <summary>The stored name, kept forever.</summary>
    public const string Name = "telemetry-events-recorded";

    private static readonly JsonWriterOptions Compact = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="events">Not changed any more.</param>
    public static EventBody.Json Write(IReadOnlyList<TelemetryEvent> events)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024 * events.Count);
        using (var json = new Utf8JsonWriter(buffer, Compact))
        {
            json.WriteStartObject();
            json.WriteStartArray("events"u8);
            foreach (var e in events)
            {
                json.WriteStartObject();
                TelemetryEventJson.WriteProperties(json, e, withEmptyRaw: false);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return new(buffer.WrittenSpan.ToArray()) { Content = events };
    }

    /// <summary>The telemetry events of an event in the log; none where it is of another type. Each body is read once.</summary>
    /// <exception cref="FormatException">It is damaged.</exception>
    public static IReadOnlyList<TelemetryEvent> Read(RecordedEvent recorded) =>
        recorded is { Type: Name, Body: EventBody.Json body } ? body.Content as IReadOnlyList<TelemetryEvent> ?? Remembered(body) : [];

    private static IReadOnlyList<TelemetryEvent> Remembered(EventBody.Json body)
    {
        var events = Read(body.Utf8);
        body.Content = events;
        return events;
    }

    /// <exception cref="FormatException">It is damaged.</exception>
    public static IReadOnlyList<TelemetryEvent> Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 256 });
            return [.. document.RootElement.GetProperty("events"u8).EnumerateArray().Select(TelemetryEventJson.Read)];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException($"A stored '{Name}' cannot be read: {e.Message}", e);
        }
    }
}
