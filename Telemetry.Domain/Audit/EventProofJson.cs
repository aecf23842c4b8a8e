using System.Buffers;
using System.Text.Json;

namespace Telemetry.Domain.Audit;

/// <summary>Proofs in their JSON form. docs/audit.md describes it.</summary>
public static class EventProofJson
{
    /// <summary>The longest proof that is read, in bytes.</summary>
    public const int MaxLength = 256 << 20;

    public static byte[] Write(EventProof proof)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("proof", EventProof.Format);
            json.WriteString("checkpoint", proof.Checkpoint.ToString());
            WriteEvent(json, "event", proof.Event);
            if (proof.Sample is { } sample)
                json.WriteNumber("sample", sample);
            if (proof.Signature is { } signature)
            {
                json.WriteStartObject("signature");
                WriteEvent(json, "key", signature.Key);
                if (signature.Body is { } body)
                    json.WriteBase64String("body", body.Span);
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        buffer.Write("\n"u8);
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="ProofException">The text is no proof.</exception>
    public static EventProof Read(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            using var document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 8 });
            var json = document.RootElement;
            if (json.GetProperty("proof").GetString() is not EventProof.Format and var format)
                throw new ProofException($"'{format}' is no form of proof that is known here; it is {EventProof.Format}.");
            return new(
                SignedNote.Parse(json.GetProperty("checkpoint").GetString()!),
                ReadEvent(json.GetProperty("event")),
                json.TryGetProperty("sample", out var sample) ? sample.GetInt32() : null,
                json.TryGetProperty("signature", out var signature) ? ReadSignature(signature) : null);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new ProofException($"The text is no proof: {e.Message}", e);
        }
    }

    private static ProvenSignature ReadSignature(JsonElement json) => new(
        ReadEvent(json.GetProperty("key")),
        json.TryGetProperty("body", out var body) ? body.GetBytesFromBase64() : null);

    private static ProvenEvent ReadEvent(JsonElement json) => new(
        json.GetProperty("index").GetInt64(),
        json.GetProperty("leaf").GetBytesFromBase64(),
        ReadPath(json.GetProperty("path")),
        json.GetProperty("part").GetInt32(),
        json.GetProperty("payload").GetBytesFromBase64());

    private static List<Digest> ReadPath(JsonElement json) => json.GetArrayLength() <= MerkleProof.MaxLength
        ? [.. json.EnumerateArray().Select(e => Digest.Parse(e.GetString()!) ?? throw new FormatException($"'{e}' is not the base 64 of {Digest.Length} bytes."))]
        : throw new FormatException($"A path has at most {MerkleProof.MaxLength} nodes.");

    private static void WriteEvent(Utf8JsonWriter json, string name, ProvenEvent e)
    {
        json.WriteStartObject(name);
        json.WriteNumber("index", e.Index);
        json.WriteBase64String("leaf", e.Leaf.Span);
        json.WriteStartArray("path");
        foreach (var node in e.Path)
            json.WriteStringValue(node.ToString());
        json.WriteEndArray();
        json.WriteNumber("part", e.Part);
        json.WriteBase64String("payload", e.Payload.Span);
        json.WriteEndObject();
    }
}
