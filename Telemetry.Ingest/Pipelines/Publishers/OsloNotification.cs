using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>A notification in the envelope in which oslo.messaging's notifier puts it on the bus.</summary>
public static class OsloNotification
{
    /// <param name="priority">In lower case, as in the routing key.</param>
    /// <param name="payload">A JSON text.</param>
    public static byte[] Write(string publisherId, string eventType, string priority, ReadOnlySpan<byte> payload, DateTimeOffset at)
    {
        var message = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(message, new JsonWriterOptions { SkipValidation = true }))
        {
            writer.WriteStartObject();
            writer.WriteString("message_id", Guid.NewGuid());
            writer.WriteString("publisher_id", publisherId);
            writer.WriteString("event_type", eventType);
            writer.WriteString("priority", priority.ToUpperInvariant());
            writer.WritePropertyName("payload");
            writer.WriteRawValue(payload, skipInputValidation: true);
            writer.WriteString("timestamp", at.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture));
            writer.WriteString("_unique_id", Guid.NewGuid().ToString("N"));
            writer.WriteEndObject();
        }
        return JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string>
        {
            ["oslo.version"] = "2.0",
            ["oslo.message"] = Encoding.UTF8.GetString(message.WrittenSpan),
        });
    }
}
