using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Datagrams;

/// <summary>A sample message as MessagePack, as the <c>udp://</c> and <c>tcp://</c> publishers send it.</summary>
internal static class SampleDatagram
{
    /// <summary>The largest that is read.</summary>
    public const int MaxLength = 64 << 10;

    /// <summary>The port of receivers where none is named.</summary>
    public const int DefaultPort = 4952;

    /// <param name="host">The sender's name; null for none.</param>
    public static byte[] Write(SampleInFlight sample, SigningSecrets secrets, string? host = null)
    {
        using var message = JsonDocument.Parse(SampleMessage.Write(sample, secrets, host));
        return MessagePackWriter.FromJson(message.RootElement);
    }

    /// <exception cref="FormatException">It is no sample message; the reason names the field.</exception>
    /// <exception cref="WrongSignatureException">Its signature is missing or wrong.</exception>
    public static SampleInFlight Read(ReadOnlySpan<byte> bytes, SigningSecrets secrets)
    {
        if (bytes.Length > MaxLength)
            throw new FormatException($"It has {bytes.Length} bytes; at most {MaxLength} are read.");
        try
        {
            using var message = PythonJson.Parse(MessagePackReader.ToJson(bytes));
            if (message.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException("It is no map.");
            return MessageSignature.Verify(message.RootElement, secrets)
                ? SampleMessage.Read(message.RootElement)
                : throw new WrongSignatureException(SampleFields.Text("message_id", SampleFields.Find(message.RootElement, "message_id")));
        }
        catch (Exception e) when (e is MessagePackException or JsonException)
        {
            throw new FormatException($"It is no MessagePack: {e.Message}", e);
        }
    }
}

/// <summary>The signature of a message is missing or wrong.</summary>
internal sealed class WrongSignatureException(string? messageId) : Exception($"The signature of message \"{messageId}\" is missing or wrong.");
