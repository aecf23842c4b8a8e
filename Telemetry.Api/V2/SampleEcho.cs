using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.V2;

/// <summary>The answer to posted samples: the list in the order of the request, with everything filled in that the sender left out.</summary>
internal static class SampleEcho
{
    private const int FlushedAt = 32 << 10;

    /// <param name="given">Metadata and zones as they were sent, where the stored ones differ.</param>
    public static async Task WriteAsync(PipeWriter output, AcceptedSamples accepted, GivenForm? given, CancellationToken ct)
    {
        // Quotes and angle brackets need no escape outside of HTML.
        await using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartArray();
        for (var i = 0; i < accepted.Batch.Count; i++)
        {
            Write(json, accepted, given, i);
            if (json.BytesPending < FlushedAt)
                continue;
            json.Flush();
            await output.FlushAsync(ct); // a slow reader of a long answer does not make it pile up here
        }
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, AcceptedSamples accepted, GivenForm? given, int i)
    {
        var batch = accepted.Batch;
        var series = batch.Series[i];
        json.WriteStartObject();
        json.WriteString("counter_name", series.Meter);
        json.WriteString("counter_type", series.Type.Name());
        json.WriteString("counter_unit", series.Unit);
        json.WriteNumber("counter_volume", batch.Volumes[i]);
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
