using System.Buffers;
using System.Text;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Ingest.Notifications;

/// <summary>What an OpenStack service reported through oslo.messaging.</summary>
/// <remarks>
/// Read from the body of an AMQP message: the envelope of version 2 (<c>{"oslo.version": "2.0", "oslo.message": "…"}</c>, with the
/// message as a JSON text inside), or the message itself, as older senders send it.
/// </remarks>
internal sealed class Notification : IDisposable
{
    public const int MaxBodyLength = 8 << 20;

    private readonly JsonDocument _presented;

    private Notification(string messageId, string? publisherId, string eventType, string priority, long timestamp, JsonDocument presented)
    {
        MessageId = messageId;
        PublisherId = publisherId;
        EventType = eventType;
        Priority = priority;
        Timestamp = timestamp;
        _presented = presented;
    }

    public string MessageId { get; }

    /// <summary>SERVICE.HOST of the sender.</summary>
    public string? PublisherId { get; }

    public string EventType { get; }

    /// <summary>In lower case: <c>info</c>, <c>error</c>, <c>sample</c> …</summary>
    public string Priority { get; }

    /// <summary>When it was sent, microseconds since 1970 (UTC).</summary>
    public long Timestamp { get; }

    /// <summary>As definitions see it: <c>{ctxt, publisher_id, event_type, payload, metadata: {message_id, timestamp}}</c>.</summary>
    public JsonElement Presented => _presented.RootElement;

    public JsonElement Payload => Presented.GetProperty("payload");

    /// <exception cref="MalformedMessageException">It is no notification; the reason names the field.</exception>
    public static Notification Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > MaxBodyLength)
            throw new MalformedMessageException($"The message has {body.Length} bytes; at most {MaxBodyLength} are read.");
        try
        {
            using var outer = PythonJson.Parse(body);
            if (outer.RootElement.ValueKind != JsonValueKind.Object)
                throw new MalformedMessageException("The message is no JSON object.");
            if (!outer.RootElement.TryGetProperty("oslo.message", out var text))
                return FromMessage(outer.RootElement);
            CheckVersion(outer.RootElement);
            if (text.ValueKind != JsonValueKind.String)
                throw new MalformedMessageException("'oslo.message' is no text.");
            using var inner = PythonJson.Parse(Encoding.UTF8.GetBytes(text.GetString()!));
            return inner.RootElement.ValueKind == JsonValueKind.Object
                ? FromMessage(inner.RootElement)
                : throw new MalformedMessageException("'oslo.message' holds no JSON object.");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or DecoderFallbackException)
        {
            throw new MalformedMessageException($"The message is no JSON: {e.Message}", e);
        }
    }

    public void Dispose() => _presented.Dispose();

    private static void CheckVersion(JsonElement envelope)
    {
        if (!envelope.TryGetProperty("oslo.version", out var version))
            throw new MalformedMessageException("'oslo.version' is missing.");
        if (version.ValueKind != JsonValueKind.String || version.GetString()!.Split('.')[0] != "2")
            throw new MalformedMessageException($"'oslo.version' is {version.GetRawText()}; version 2 is read.");
    }

    private static Notification FromMessage(JsonElement message)
    {
        var eventType = Text(message, "event_type");
        try
        {
            return OfType(eventType, message);
        }
        catch (MalformedMessageException e)
        {
            throw new MalformedMessageException(e.Message, e) { EventType = eventType };
        }
    }

    private static Notification OfType(string eventType, JsonElement message)
    {
        var messageId = Text(message, "message_id");
        var timestamp = Text(message, "timestamp");
        if (!message.TryGetProperty("payload", out var payload))
            throw new MalformedMessageException("'payload' is missing.");
        var at = SampleFields.Instant(timestamp) ?? throw new MalformedMessageException($"'timestamp' is '{timestamp}', which is no time.");
        var publisher = message.TryGetProperty("publisher_id", out var id) && id.ValueKind == JsonValueKind.String ? id.GetString() : null;
        var priority = message.TryGetProperty("priority", out var p) && p.ValueKind == JsonValueKind.String ? p.GetString()! : "info";
        return new(messageId, publisher, eventType, priority.ToLowerInvariant(), at, Present(message, payload));
    }

    private static JsonDocument Present(JsonElement message, JsonElement payload)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("ctxt");
            foreach (var property in message.EnumerateObject())
            {
                if (property.Name.StartsWith("_context_", StringComparison.Ordinal))
                    Copy(writer, property.Name["_context_".Length..], property.Value);
            }
            writer.WriteEndObject();
            if (message.TryGetProperty("publisher_id", out var publisher))
                Copy(writer, "publisher_id", publisher);
            Copy(writer, "event_type", message.GetProperty("event_type"));
            Copy(writer, "payload", payload);
            writer.WriteStartObject("metadata");
            Copy(writer, "message_id", message.GetProperty("message_id"));
            Copy(writer, "timestamp", message.GetProperty("timestamp"));
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
        return JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = PythonJson.MaxDepth + 2 });
    }

    private static void Copy(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(value), skipInputValidation: true);
    }

    private static string Text(JsonElement message, string field)
    {
        if (!message.TryGetProperty(field, out var value))
            throw new MalformedMessageException($"'{field}' is missing.");
        return value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0
            ? value.GetString()!
            : throw new MalformedMessageException($"'{field}' is no text: {value.GetRawText().AsSpan(0, Math.Min(100, value.GetRawText().Length))}.");
    }
}
