using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Pipelines;

/// <summary>A sample as a transformer's saved state holds it.</summary>
internal static class SampleState
{
    public static void Write(Utf8JsonWriter writer, SampleInFlight sample)
    {
        writer.WriteStartObject();
        writer.WriteString("name", sample.Series.Meter);
        writer.WriteString("type", sample.Series.Type.Name());
        writer.WriteString("unit", sample.Series.Unit);
        writer.WriteString("resource_id", sample.Series.ResourceId);
        writer.WriteString("project_id", sample.Series.ProjectId);
        writer.WriteString("user_id", sample.Series.UserId);
        writer.WriteString("source", sample.Series.Source);
        writer.WriteNumber("timestamp", sample.Timestamp);
        writer.WriteNumber("volume", sample.Volume);
        writer.WritePropertyName("metadata");
        writer.WriteRawValue(sample.Metadata.Utf8.Span, skipInputValidation: true);
        writer.WriteString("id", sample.MessageId);
        if (sample.MonotonicTime is { } monotonic)
            writer.WriteNumber("monotonic_time", monotonic);
        writer.WriteEndObject();
    }

    public static SampleInFlight Read(JsonElement json)
    {
        string? Text(string field) => json.GetProperty(field).GetString();
        var series = new SeriesKey(
            Text("name")!, SampleTypes.Parse(Text("type"))!.Value, Text("unit"), Text("resource_id")!, Text("project_id"), Text("user_id"), Text("source")!);
        return new(series, json.GetProperty("timestamp").GetInt64(), json.GetProperty("volume").GetDouble(), Metadata.From(json.GetProperty("metadata")))
        {
            MessageId = Text("id"),
            MonotonicTime = json.TryGetProperty("monotonic_time", out var monotonic) ? monotonic.GetDouble() : null,
        };
    }
}
