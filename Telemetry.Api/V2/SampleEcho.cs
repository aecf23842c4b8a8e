using System.Text.Json;
using Telemetry.Api.V2.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.V2;

/// <summary>The answer to posted samples: the list in the order of the request, with everything filled in that the sender left out.</summary>
/// <param name="given">Metadata and zones as they were sent, where the stored ones differ.</param>
internal sealed class SampleEcho(AcceptedSamples accepted, GivenForm? given)
{
    /// <param name="i">The index of the sample.</param>
    public void Write(Utf8JsonWriter json, int i)
    {
        var batch = accepted.Batch;
        var series = batch.Series[i];
        json.WriteStartObject();
        json.WriteString("counter_name", series.Meter);
        json.WriteString("counter_type", series.Type.Name());
        json.WriteString("counter_unit", series.Unit);
        json.WritePropertyName("counter_volume");
        FloatText.Write(json, batch.Volumes[i]);
        json.WriteString("resource_id", series.ResourceId);
        json.WriteString("project_id", series.ProjectId);
        json.WriteString("user_id", series.UserId);
        json.WriteString("source", series.Source);
        json.WriteString("timestamp", Timestamp(batch.Timestamps[i], given?.OffsetMinutes[i]));
        json.WritePropertyName("resource_metadata");
        json.WriteRawValue((given?.Metadata[i] ?? batch.Metadata[i]).Utf8.Span, skipInputValidation: true);
        json.WriteString("message_id", accepted.SampleId(i));
        if (batch.Signature(i) is { } signature)
            json.WriteString("message_signature", signature);
        json.WriteEndObject();
    }

    /// <summary>As Python's isoformat gives it: in the zone of the sender, without one where it gave none.</summary>
    private static string Timestamp(long at, short? offsetMinutes)
    {
        if (offsetMinutes is not { } offset)
            return UnixMicroseconds.Format(at);
        var local = UnixMicroseconds.Format(at + offset * 60 * UnixMicroseconds.PerSecond);
        return $"{local}{(offset < 0 ? '-' : '+')}{Math.Abs(offset) / 60:00}:{Math.Abs(offset) % 60:00}";
    }
}
