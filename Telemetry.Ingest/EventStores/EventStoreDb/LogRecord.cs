using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.EventStores.EventStoreDb;

/// <summary>An event of the log as EventStoreDB keeps it: the body is its data, what we know of it besides is its metadata, as JSON.</summary>
/// <param name="Following">How many events of the same append follow it.</param>
internal sealed record LogRecord(RecordedEvent Event, int Following)
{
    private static readonly NoCatalog Catalog = new();

    /// <summary>The bytes of an event's body.</summary>
    /// <exception cref="ArgumentException">A batch cannot be stored.</exception>
    public static byte[] BodyOf(NewEvent e)
    {
        if (e.Body is not EventBody.Samples samples)
            return ((EventBody.Json)e.Body).Utf8.ToArray();
        if (!Array.TrueForAll(samples.Batch.Volumes, double.IsFinite))
            throw new ArgumentException($"Event {e.Id} has a volume that is not finite.");
        var bytes = new ArrayBufferWriter<byte>(64 << 10);
        SampleBatchCodec.Encode(samples.Batch, bytes); // whole in itself: whoever reads the log needs nothing else
        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Writes an event.</summary>
    /// <param name="parts">The stream that has its body, where it is too large to be with it.</param>
    public ProposedEvent Write(byte[] body, string? parts)
    {
        var bytes = new ArrayBufferWriter<byte>(1_024);
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteString("recorded_at", Event.RecordedAt);
            if (Event.Body is EventBody.Samples samples)
            {
                json.WriteString("body", "samples");
                if (!Event.Streams.Select(s => s.Stream).SequenceEqual(samples.Batch.Streams()))
                    WriteStreams(json);
            }
            else
            {
                WriteStreams(json);
            }
            json.WriteStartArray("versions");
            foreach (var stream in Event.Streams)
                json.WriteNumberValue(stream.Version);
            json.WriteEndArray();
            if (Following > 0)
                json.WriteNumber("following", Following);
            if (parts is not null)
                json.WriteString("parts", parts);
            if (EventMetadataJson.Write(Event.Metadata) is { } metadata)
            {
                json.WritePropertyName("metadata");
                json.WriteRawValue(metadata);
            }
            json.WriteEndObject();
        }
        var isJson = parts is null && Event.Body is EventBody.Json && body.Length > 0;
        return EventStoreDbClient.Event(Event.Id.Value, Event.Type, isJson, bytes.WrittenSpan.ToArray(), parts is null ? body : []);
    }

    /// <summary>Reads an event.</summary>
    /// <param name="partsOf">Gives what a stream of parts has.</param>
    /// <exception cref="InvalidDataException">It was not written by this program, or is damaged.</exception>
    public static async Task<LogRecord> ReadAsync(StoredEvent stored, Func<string, Task<byte[]>> partsOf)
    {
        try
        {
            using var document = JsonDocument.Parse(stored.CustomMetadata.Memory);
            var json = document.RootElement;
            var data = json.TryGetProperty("parts", out var parts) ? await partsOf(parts.GetString()!).ConfigureAwait(false) : stored.Data.Memory;
            var body = json.TryGetProperty("body", out var kind) && kind.GetString() == "samples"
                ? (EventBody)new EventBody.Samples(SampleBatchCodec.DecodeFromLog(data.Span, Catalog))
                : new EventBody.Json(data);
            var streams = json.TryGetProperty("streams", out var names)
                ? [.. names.EnumerateArray().Select(n => StreamName.Parse(n.GetString() ?? "")!.Value)]
                : ((EventBody.Samples)body).Batch.Streams();
            var versions = json.GetProperty("versions").EnumerateArray().Select(v => v.GetInt64());
            return new(new RecordedEvent(
                (long)stored.Revision + 1, EventId.Containing(EventStoreDbClient.Read(stored.Id)), stored.Metadata["type"], body,
                [.. streams.Zip(versions, (stream, version) => new StreamVersion(stream, version))],
                json.TryGetProperty("recorded_at", out var at) ? at.GetDateTimeOffset() : EventStoreDbClient.CreatedAt(stored),
                json.TryGetProperty("metadata", out var metadata) ? EventMetadataJson.Read(System.Text.Encoding.UTF8.GetBytes(metadata.GetRawText())) : EventMetadata.None),
                json.TryGetProperty("following", out var following) ? following.GetInt32() : 0);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or FormatException or InvalidOperationException or InvalidCastException or SampleFormatException)
        {
            throw new InvalidDataException($"Event {stored.Revision} of stream '{stored.Stream?.StreamName.ToStringUtf8()}' is no event of a log of telemetry: {e.Message}", e);
        }
    }

    /// <summary>Cuts a body into events of a stream of their own, whose name follows from the body: the same body makes the same events.</summary>
    public static (string Hash, IReadOnlyList<ProposedEvent> Events) Cut(byte[] body, int partBytes)
    {
        var hash = SHA256.HashData(body);
        return (Convert.ToHexStringLower(hash), [.. body.Chunk(partBytes).Select((part, number) =>
            EventStoreDbClient.Event(IdOfPart(hash, number), "part", isJson: false, [], part))]);
    }

    private static Guid IdOfPart(byte[] hash, int number) => new(SHA256.HashData([.. hash, .. BitConverter.GetBytes(number)]).AsSpan(0, 16), bigEndian: true);

    private void WriteStreams(Utf8JsonWriter json)
    {
        json.WriteStartArray("streams");
        foreach (var stream in Event.Streams)
            json.WriteStringValue(stream.Stream.ToString());
        json.WriteEndArray();
    }

    /// <summary>A batch that is whole in itself names nothing of a catalogue.</summary>
    private sealed class NoCatalog : ISampleCatalog
    {
        public SeriesKey? Series(int id) => null;

        public Metadata? Metadata(int id) => null;
    }
}
