using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes metadata flat, every value a text.</summary>
/// <remarks>Keeps the last one's pairs: neighbouring samples share their metadata. One object writes one answer.</remarks>
internal sealed class MetadataJson
{
    private Metadata? _last;
    private IReadOnlyDictionary<string, string> _flat = new Dictionary<string, string>();

    public void Write(Utf8JsonWriter json, Metadata metadata)
    {
        if (!ReferenceEquals(_last, metadata))
            (_last, _flat) = (metadata, metadata.Flatten());
        json.WriteStartObject();
        foreach (var (key, value) in _flat)
            json.WriteString(key, value);
        json.WriteEndObject();
    }
}
