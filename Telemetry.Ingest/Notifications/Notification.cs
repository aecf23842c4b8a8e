using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Telemetry.Domain;

namespace Telemetry.Ingest.Notifications;

/// <summary>What an OpenStack service reported through oslo.messaging.</summary>
/// <remarks>
/// Read from the body of an AMQP message: the envelope of version 2 (<c>{"oslo.version": "2.0", "oslo.message": "…"}</c>, with the
/// message as a JSON text inside), or the message itself, as older senders send it. Reading only finds where the parts are; a tree is made
/// once, when definitions ask for one.
/// </remarks>
internal sealed class Notification : IDisposable
{
    public const int MaxBodyLength = 8 << 20;

    private const string ContextPrefix = "_context_";

    private static readonly JsonReaderOptions Options = new() { MaxDepth = PythonJson.MaxDepth };

    private readonly Parts _parts;
    private JsonDocument? _presented;

    private Notification(Parts parts, string messageId, string eventType, long timestamp)
    {
        (_parts, MessageId, EventType, Timestamp) = (parts, messageId, eventType, timestamp);
        PublisherId = parts.PublisherId.Text;
        Priority = parts.Priority.Text?.ToLowerInvariant() ?? "info";
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
    public JsonElement Presented => (_presented ??= Present()).RootElement;

    public JsonElement Payload => Presented.GetProperty("payload");

    /// <summary>The payload's text.</summary>
    public ReadOnlySpan<byte> PayloadUtf8 => _parts.Payload.Raw(_parts.Message).Span;

    /// <exception cref="MalformedMessageException">It is no notification; the reason names the field.</exception>
    public static Notification Read(ReadOnlyMemory<byte> body)
    {
        if (body.Length > MaxBodyLength)
            throw new MalformedMessageException($"The message has {body.Length} bytes; at most {MaxBodyLength} are read.");
        try
        {
            return FromParts(Unwrapped(body) is { } inner ? PartsOf(inner, "'oslo.message' holds no JSON object.") : PartsOf(body, "The message is no JSON object."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new MalformedMessageException($"The message is no JSON: {e.Message}", e);
        }
    }

    public void Dispose() => _presented?.Dispose();

    /// <summary>The message within the envelope; null where there is no envelope.</summary>
    private static byte[]? Unwrapped(ReadOnlyMemory<byte> body)
    {
        var (version, message) = (default(Value), default(Value));
        byte[]? unescaped = null;
        try
        {
            var reader = new Utf8JsonReader(body.Span, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("oslo.version"u8))
                    version = Value.Of(ref reader, asText: true);
                else if (reader.ValueTextEquals("oslo.message"u8))
                    (unescaped, message) = (Unescaped(reader), Value.Of(ref reader, asText: false));
                else
                    reader.Skip();
            }
            reader.Read(); // throws where something follows
        }
        catch (JsonException)
        {
            return null; // it may be a bare message that holds NaN; what is no JSON at all is told then
        }
        if (message.IsAbsent)
            return null;
        CheckVersion(version, body);
        return unescaped ?? throw new MalformedMessageException("'oslo.message' is no text.");
    }

    private static byte[]? Unescaped(Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.String)
            return null;
        var text = new byte[reader.ValueSpan.Length];
        var length = reader.CopyString(text);
        Array.Resize(ref text, length);
        return text;
    }

    private static void CheckVersion(Value version, ReadOnlyMemory<byte> body)
    {
        if (version.IsAbsent)
            throw new MalformedMessageException("'oslo.version' is missing.");
        if (version.Text?.Split('.')[0] != "2")
            throw new MalformedMessageException($"'oslo.version' is {Encoding.UTF8.GetString(version.Raw(body).Span)}; version 2 is read.");
    }

    private static Parts PartsOf(ReadOnlyMemory<byte> message, string otherwise)
    {
        try
        {
            return Parts.Of(message) ?? throw new MalformedMessageException(otherwise);
        }
        catch (JsonException)
        {
            if (PythonJson.Rewritten(message.Span) is not { } finite)
                throw;
            return Parts.Of(finite) ?? throw new MalformedMessageException(otherwise);
        }
    }

    private static Notification FromParts(Parts parts)
    {
        var eventType = parts.Required("event_type", parts.EventType);
        try
        {
            var messageId = parts.Required("message_id", parts.MessageId);
            var timestamp = parts.Required("timestamp", parts.Timestamp);
            if (parts.Payload.IsAbsent)
                throw new MalformedMessageException("'payload' is missing.");
            var at = SampleFields.Instant(timestamp) ?? throw new MalformedMessageException($"'timestamp' is '{timestamp}', which is no time.");
            return new(parts, messageId, eventType, at);
        }
        catch (MalformedMessageException e)
        {
            throw new MalformedMessageException(e.Message, e) { EventType = eventType };
        }
    }

    private JsonDocument Present()
    {
        var (message, buffer) = (_parts.Message, new ArrayBufferWriter<byte>(_parts.Message.Length + 128));
        buffer.Write("{\"ctxt\":{"u8);
        var comma = ReadOnlySpan<byte>.Empty;
        foreach (var (name, value) in _parts.Context)
        {
            buffer.Write(comma);
            buffer.Write(JsonSerializer.SerializeToUtf8Bytes(name));
            buffer.Write(":"u8);
            buffer.Write(value.Raw(message).Span);
            comma = ","u8;
        }
        buffer.Write("}"u8);
        if (!_parts.PublisherId.IsAbsent)
            Copy(",\"publisher_id\":"u8, _parts.PublisherId);
        Copy(",\"event_type\":"u8, _parts.EventType);
        Copy(",\"payload\":"u8, _parts.Payload);
        Copy(",\"metadata\":{\"message_id\":"u8, _parts.MessageId);
        Copy(",\"timestamp\":"u8, _parts.Timestamp);
        buffer.Write("}}"u8);
        return JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = PythonJson.MaxDepth + 2 });

        void Copy(ReadOnlySpan<byte> name, Value value)
        {
            buffer.Write(name);
            buffer.Write(value.Raw(message).Span);
        }
    }

    /// <summary>Where a value stands in the message.</summary>
    /// <param name="Text">Of a string that was asked for as text; else null.</param>
    private readonly record struct Value(int Start, int Length, string? Text)
    {
        public bool IsAbsent => Length == 0;

        public ReadOnlyMemory<byte> Raw(ReadOnlyMemory<byte> message) => message.Slice(Start, Length);

        /// <summary>Reads over the value that follows a name.</summary>
        public static Value Of(ref Utf8JsonReader reader, bool asText)
        {
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            var text = asText && reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
            return new(start, (int)reader.BytesConsumed - start, text);
        }
    }

    /// <summary>What a message consists of; of repeated names the last counts.</summary>
    private sealed class Parts(ReadOnlyMemory<byte> message)
    {
        public ReadOnlyMemory<byte> Message => message;
        public Value EventType { get; private set; }
        public Value MessageId { get; private set; }
        public Value Timestamp { get; private set; }
        public Value PublisherId { get; private set; }
        public Value Priority { get; private set; }
        public Value Payload { get; private set; }

        /// <summary>Their names without the prefix.</summary>
        public List<(string Name, Value Value)> Context { get; } = [];

        /// <summary>Null where the message is no object.</summary>
        public static Parts? Of(ReadOnlyMemory<byte> message)
        {
            if (!Utf8.IsValid(message.Span))
                throw new JsonException("It is not valid UTF-8.");
            var reader = new Utf8JsonReader(message.Span, Options);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                reader.Read(); // throws where it is no JSON at all
                return null;
            }
            var parts = new Parts(message);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                parts.Add(ref reader);
            reader.Read();
            return parts;
        }

        public string Required(string field, Value value) => value switch
        {
            { IsAbsent: true } => throw new MalformedMessageException($"'{field}' is missing."),
            { Text.Length: > 0 } => value.Text,
            _ => throw new MalformedMessageException($"'{field}' is no text: {Shown(value)}."),
        };

        private string Shown(Value value)
        {
            var text = Encoding.UTF8.GetString(value.Raw(message).Span);
            return text[..Math.Min(100, text.Length)];
        }

        private void Add(ref Utf8JsonReader reader)
        {
            if (reader.ValueTextEquals("payload"u8))
                Payload = Value.Of(ref reader, asText: false);
            else if (reader.ValueTextEquals("event_type"u8))
                EventType = Value.Of(ref reader, asText: true);
            else if (reader.ValueTextEquals("message_id"u8))
                MessageId = Value.Of(ref reader, asText: true);
            else if (reader.ValueTextEquals("timestamp"u8))
                Timestamp = Value.Of(ref reader, asText: true);
            else if (reader.ValueTextEquals("publisher_id"u8))
                PublisherId = Value.Of(ref reader, asText: true);
            else if (reader.ValueTextEquals("priority"u8))
                Priority = Value.Of(ref reader, asText: true);
            else if (reader.GetString() is { } name && name.StartsWith(ContextPrefix, StringComparison.Ordinal))
                Context.Add((name[ContextPrefix.Length..], Value.Of(ref reader, asText: false)));
            else
                reader.Skip();
        }
    }
}
