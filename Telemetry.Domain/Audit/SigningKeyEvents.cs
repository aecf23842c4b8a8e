using System.Buffers;
using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>Keys' events in their stored form. Names and properties are kept forever.</summary>
public static class SigningKeyEvents
{
    public const string Registered = "key-registered";
    public const string Revoked = "key-revoked";

    /// <summary>The event to append to the key's stream.</summary>
    public static NewEvent Store(SigningKeyEvent @event, EventId id, long expectedVersion, EventMetadata? metadata = null)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            switch (@event)
            {
                case SigningKeyEvent.KeyRegistered e:
                    json.WriteString("id", e.Id);
                    json.WriteString("project_id", e.ProjectId);
                    json.WriteBase64String("public_key", e.PublicKey.Span);
                    json.WriteString("description", e.Description);
                    json.WriteString("at", e.At.UtcDateTime);
                    break;
                case SigningKeyEvent.KeyRevoked e:
                    json.WriteString("id", e.Id);
                    json.WriteString("reason", e.Reason);
                    json.WriteString("at", e.At.UtcDateTime);
                    break;
            }
            json.WriteEndObject();
        }
        var (type, key) = @event switch
        {
            SigningKeyEvent.KeyRegistered e => (Registered, e.Id),
            SigningKeyEvent.KeyRevoked e => (Revoked, e.Id),
            _ => throw new ArgumentOutOfRangeException(nameof(@event), @event, "No such event of a key."),
        };
        return new(id, type, new EventBody.Json(buffer.WrittenMemory), [new(SigningKey.StreamOf(key), expectedVersion)], metadata);
    }

    /// <summary>Reads a stored event; null where its type is none of a key's.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static SigningKeyEvent? Read(RecordedEvent recorded)
    {
        try
        {
            return recorded.Type is not (Registered or Revoked) ? null
                : recorded.Body is EventBody.Json body ? Read(recorded.Type, body.Utf8)
                : throw new FormatException("it has no JSON.");
        }
        catch (FormatException e)
        {
            throw new InvalidDataException($"The event at position {recorded.Position} is no {recorded.Type}: {e.Message}", e);
        }
    }

    /// <summary>Reads the JSON of a type of event; null where the type is none of a key's.</summary>
    /// <exception cref="FormatException">The JSON is none of such an event.</exception>
    public static SigningKeyEvent? Read(string type, ReadOnlyMemory<byte> utf8)
    {
        if (type is not (Registered or Revoked))
            return null;
        try
        {
            using var document = JsonDocument.Parse(utf8);
            var json = document.RootElement;
            var (id, at) = (json.GetProperty("id").GetString()!, json.GetProperty("at").GetDateTimeOffset());
            return type == Registered
                ? new SigningKeyEvent.KeyRegistered(id, Text(json, "project_id"), json.GetProperty("public_key").GetBytesFromBase64(), Text(json, "description"), at)
                : new SigningKeyEvent.KeyRevoked(id, Text(json, "reason"), at);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
