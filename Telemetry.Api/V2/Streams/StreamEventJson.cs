using System.Text.Json;
using Telemetry.Api.V2.Json;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.V2.Streams;

/// <summary>Writes events as a stream has them: of a batch only the stream's share. One object writes one answer.</summary>
internal sealed class StreamEventJson
{
    private readonly TimestampText _timestamps = new();
    private readonly SampleJson _samples = new();

    /// <summary>One object with the samples, or the JSON, within.</summary>
    public void Write(Utf8JsonWriter json, StreamEvent e)
    {
        var recorded = e.Event;
        json.WriteStartObject();
        json.WriteString("stream"u8, e.Stream.ToString());
        json.WriteNumber("version"u8, e.Version);
        json.WriteNumber("position"u8, recorded.Position);
        json.WriteString("id"u8, e.Id);
        json.WriteString("type"u8, recorded.Type);
        json.WritePropertyName("recorded_at"u8);
        _timestamps.Write(json, UnixMicroseconds.From(recorded.RecordedAt));
        WriteMetadata(json, recorded.Metadata);
        if (recorded.Body is EventBody.Json data)
        {
            json.WritePropertyName("data"u8);
            if (data.Utf8.Span.Contains((byte)'\n'))
                JsonElement.Parse(data.Utf8.Span).WriteTo(json); // an event is one line
            else
                json.WriteRawValue(data.Utf8.Span, skipInputValidation: false);
        }
        else
        {
            json.WriteStartArray("samples"u8);
            foreach (var sample in SamplesOf(e))
                _samples.Write(json, sample);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    /// <summary>The samples of the stream's share of an event; none where it holds JSON.</summary>
    public static IEnumerable<Sample> SamplesOf(StreamEvent e)
    {
        if (e.Event.Body is not EventBody.Samples { Batch: var batch } || SampleShare.Of(batch, e.Stream) is not { } share)
            yield break;
        var recordedAt = UnixMicroseconds.From(e.Event.RecordedAt);
        foreach (var i in share.Indexes)
        {
            yield return new(batch.SampleId(e.Event.Id, i), batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i], recordedAt, batch.Signature(i))
            {
                Position = e.Event.Position,
            };
        }
    }

    /// <summary>JSON as it is stored, samples in the canonical form that the audit log has the digest of.</summary>
    public static ReadOnlyMemory<byte> Payload(StreamEvent e) => e.Event.Body switch
    {
        EventBody.Json json => json.Utf8,
        EventBody.Samples samples when SampleShare.Of(samples.Batch, e.Stream) is { } share => CanonicalSamples.Encode(share),
        _ => default,
    };

    private static void WriteMetadata(Utf8JsonWriter json, EventMetadata metadata)
    {
        json.WriteStartObject("metadata"u8);
        foreach (var (name, value) in new[]
        {
            ("source", metadata.Source), ("signer", metadata.Signer), ("signature", metadata.Signature),
            ("correlation", metadata.Correlation), ("causation", metadata.Causation),
        })
        {
            if (value is not null)
                json.WriteString(name, value);
        }
        json.WriteEndObject();
    }
}
