using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes samples in both shapes: Ceilometer's OldSample (<c>counter_name</c>, ...) and Sample (<c>meter</c>, ...). One object writes one answer.</summary>
internal sealed class SampleJson
{
    private readonly TimestampText _timestamps = new();
    private readonly MetadataJson _metadata = new();

    public void WriteOld(Utf8JsonWriter json, Sample sample)
    {
        var series = sample.Series;
        json.WriteStartObject();
        json.WriteString("counter_name"u8, series.Meter);
        json.WriteString("counter_type"u8, series.Type.Name());
        json.WriteString("counter_unit"u8, series.Unit);
        WriteVolume(json, "counter_volume"u8, sample);
        json.WriteString("resource_id"u8, series.ResourceId);
        WriteOwner(json, series);
        WriteTimes(json, sample);
        json.WritePropertyName("resource_metadata"u8);
        _metadata.Write(json, sample.Metadata);
        json.WriteString("message_id"u8, sample.Id);
        json.WriteEndObject();
    }

    public void Write(Utf8JsonWriter json, Sample sample)
    {
        var series = sample.Series;
        json.WriteStartObject();
        json.WriteString("id"u8, sample.Id);
        json.WriteString("meter"u8, series.Meter);
        json.WriteString("type"u8, series.Type.Name());
        json.WriteString("unit"u8, series.Unit);
        WriteVolume(json, "volume"u8, sample);
        json.WriteString("resource_id"u8, series.ResourceId);
        WriteOwner(json, series);
        WriteTimes(json, sample);
        json.WritePropertyName("metadata"u8);
        _metadata.Write(json, sample.Metadata);
        json.WriteEndObject();
    }

    private static void WriteVolume(Utf8JsonWriter json, ReadOnlySpan<byte> name, Sample sample)
    {
        json.WritePropertyName(name);
        FloatText.Write(json, sample.Volume);
    }

    private static void WriteOwner(Utf8JsonWriter json, SeriesKey series)
    {
        json.WriteString("user_id"u8, series.UserId);
        json.WriteString("project_id"u8, series.ProjectId);
        json.WriteString("source"u8, series.Source);
    }

    private void WriteTimes(Utf8JsonWriter json, Sample sample)
    {
        json.WritePropertyName("timestamp"u8);
        _timestamps.Write(json, sample.Timestamp);
        json.WritePropertyName("recorded_at"u8);
        _timestamps.Write(json, sample.RecordedAt);
    }
}
