using System.Buffers;
using System.IO.Compression;
using System.Text.Json;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>A body that its sender signed, kept byte by byte as evidence: compressed, in an event of its own beside what was taken out of it.</summary>
/// <remarks>Appended in one append with the event that it is evidence of, after it; stream <c>evidence-{id of that event}</c>.</remarks>
public static class SignedBody
{
    public const string Type = "body-kept";
    public const string Category = "evidence";

    /// <summary>The longest body that is read back, in bytes.</summary>
    public const int MaxLength = 256 << 20;

    /// <summary>The stream that keeps the body of an event.</summary>
    public static StreamName StreamOf(EventId id) => new(Category, id.ToString());

    /// <summary>The event that keeps a body.</summary>
    /// <param name="of">The event that was taken out of the body.</param>
    public static NewEvent Keep(EventId of, ReadOnlySpan<byte> body, string? contentType)
    {
        var compressed = new byte[BrotliEncoder.GetMaxCompressedLength(body.Length)];
        if (!BrotliEncoder.TryCompress(body, compressed, out var length, quality: 1, window: 22))
            throw new InvalidOperationException("The body could not be compressed.");
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("of", of.ToString());
            json.WriteString("content_type", contentType);
            json.WriteNumber("length", body.Length);
            json.WriteBase64String("brotli", compressed.AsSpan(0, length));
            json.WriteEndObject();
        }
        Span<byte> name = stackalloc byte[32];
        of.Value.TryWriteBytes(name, bigEndian: true, out _);
        "evidence"u8.CopyTo(name[16..]);
        return new(EventId.FromName(name), Type, new EventBody.Json(buffer.WrittenMemory), [new(StreamOf(of), 0)], new EventMetadata(Causation: of.ToString()));
    }

    /// <summary>The body that was kept for an event; null where there is none.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static async Task<byte[]?> FindAsync(IEventStore log, EventId of, CancellationToken ct = default)
    {
        await foreach (var e in log.ReadStreamAsync(StreamOf(of), ct: ct))
            return Read(e.Event);
        return null;
    }

    private static byte[] Read(RecordedEvent recorded)
    {
        try
        {
            using var document = JsonDocument.Parse(((EventBody.Json)recorded.Body).Utf8);
            var length = document.RootElement.GetProperty("length").GetInt32();
            var body = new byte[length is >= 0 and <= MaxLength ? length : throw new InvalidDataException($"The body kept at position {recorded.Position} has {length} bytes.")];
            return BrotliDecoder.TryDecompress(document.RootElement.GetProperty("brotli").GetBytesFromBase64(), body, out var written) && written == length
                ? body
                : throw new InvalidDataException($"The body kept at position {recorded.Position} cannot be decompressed.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or InvalidCastException)
        {
            throw new InvalidDataException($"The event at position {recorded.Position} keeps no body: {e.Message}", e);
        }
    }
}
