using System.Text.Json;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>What a source reported, such as <c>compute.instance.create.end</c>.</summary>
/// <remarks>Source: the event model of Ceilometer (ceilometer/event/models.py).</remarks>
public sealed record TelemetryEvent
{
    public const int MaxMessageIdLength = 50;
    public const int MaxEventTypeLength = 255;

    private static readonly JsonElement NoRaw = JsonElement.Parse("{}"u8);

    /// <param name="messageId">Unique: the same id twice is one event. 1 to 50 characters.</param>
    /// <param name="eventType">1 to 255 characters.</param>
    /// <param name="generatedAt">When the source made it, microseconds since 1970 (UTC).</param>
    /// <param name="traits">In the order of arrival.</param>
    /// <exception cref="ArgumentException">An id or type is empty or too long.</exception>
    public TelemetryEvent(string messageId, string eventType, long generatedAt, IReadOnlyList<Trait> traits)
    {
        MessageId = Bounded(messageId, MaxMessageIdLength, "message id");
        EventType = Bounded(eventType, MaxEventTypeLength, "type");
        GeneratedAt = generatedAt;
        Traits = traits;
    }

    public string MessageId { get; }
    public string EventType { get; }
    public long GeneratedAt { get; }
    public IReadOnlyList<Trait> Traits { get; }

    /// <summary>The notification that the event was made of, a JSON object; empty unless it was asked for.</summary>
    public JsonElement Raw { get; init; } = NoRaw;

    private static string Bounded(string text, int length, string what) => text.Length > 0 && text.Length <= length
        ? text
        : throw new ArgumentException($"A telemetry event's {what} has 1 to {length} characters, not {text.Length}: '{text}'.");
}
