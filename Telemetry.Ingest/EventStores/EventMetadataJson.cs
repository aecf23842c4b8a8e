using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores;

/// <summary>An event's metadata as it is stored: JSON with the names in snake case, absent parts left out.</summary>
internal static class EventMetadataJson
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Null where there is nothing to say.</summary>
    public static byte[]? Write(EventMetadata? metadata) =>
        metadata is null || metadata == EventMetadata.None ? null : JsonSerializer.SerializeToUtf8Bytes(metadata, Options);

    public static EventMetadata Read(ReadOnlySpan<byte> json) =>
        json.IsEmpty ? EventMetadata.None : JsonSerializer.Deserialize<EventMetadata>(json, Options) ?? EventMetadata.None;
}
