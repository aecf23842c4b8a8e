using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Notifications;

/// <summary>Writes a JSON object and puts its signature at the end.</summary>
internal static class SignedMessage
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="secrets">Null for an object without a signature.</param>
    /// <param name="write">Writes the properties.</param>
    public static byte[] Write(SigningSecrets? secrets, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }
        if (secrets is null)
            return buffer.WrittenSpan.ToArray();
        using var message = JsonDocument.Parse(buffer.WrittenMemory, new JsonDocumentOptions { MaxDepth = 128 });
        var signature = MessageSignature.Compute(message.RootElement, secrets);
        return [.. buffer.WrittenSpan[..^1], .. Encoding.ASCII.GetBytes($",\"{MessageSignature.Field}\":\"{signature}\"}}")];
    }
}
