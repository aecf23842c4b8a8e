using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary>Samples and events in the forms in which HTTP and file publishers write them.</summary>
internal static class PublishedText
{
    /// <summary>A sample with the names that its fields have within Ceilometer, unsigned.</summary>
    public static byte[] Json(SampleInFlight sample) => SignedMessage.Write(null, writer =>
    {
        var series = sample.Series;
        writer.WriteString("name", series.Meter);
        writer.WriteString("type", series.Type.Name());
        writer.WriteString("unit", series.Unit);
        writer.WriteNumber("volume", sample.Volume);
        writer.WriteString("user_id", series.UserId);
        writer.WriteNull("user_name");
        writer.WriteString("project_id", series.ProjectId);
        writer.WriteNull("project_name");
        writer.WriteString("resource_id", series.ResourceId);
        writer.WriteString("timestamp", UnixMicroseconds.Format(sample.Timestamp));
        writer.WritePropertyName("resource_metadata");
        writer.WriteRawValue(sample.Metadata.Utf8.Span, skipInputValidation: true);
        writer.WriteString("source", series.Source);
        writer.WriteString("id", sample.MessageId ?? Guid.NewGuid().ToString());
        writer.WritePropertyName("monotonic_time");
        if (sample.MonotonicTime is { } monotonic)
            writer.WriteNumberValue(monotonic);
        else
            writer.WriteNullValue();
    });

    /// <summary>An event, unsigned.</summary>
    public static byte[] Json(TelemetryEvent made) => EventMessage.Write(made, null);

    /// <summary>JSON texts as one JSON list.</summary>
    public static byte[] List(IEnumerable<byte[]> items)
    {
        var list = new ArrayBufferWriter<byte>(1024);
        list.Write("["u8);
        foreach (var item in items)
        {
            if (list.WrittenCount > 1)
                list.Write(","u8);
            list.Write(item);
        }
        list.Write("]"u8);
        return list.WrittenSpan.ToArray();
    }

    /// <summary>A JSON object as Python prints a dict.</summary>
    public static string Python(byte[] json) => PythonText.Repr(JsonElement.Parse(json));

    /// <summary>The text format of Prometheus: a TYPE line per name and push, none for deltas, which it does not know.</summary>
    public static string Prometheus(IEnumerable<SampleInFlight> samples)
    {
        var text = new StringBuilder();
        var typed = new HashSet<string>();
        foreach (var sample in samples)
        {
            var name = sample.Series.Meter.Replace('.', '_').Replace('-', '_');
            if (sample.Series.Type != SampleType.Delta && typed.Add(name))
                text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {(sample.Series.Type == SampleType.Cumulative ? "counter" : "gauge")}\n");
            var (resource, user, project) = (Label(sample.Series.ResourceId), Label(sample.Series.UserId), Label(sample.Series.ProjectId));
            text.Append(name)
                .Append(CultureInfo.InvariantCulture, $"{{resource_id=\"{resource}\", user_id=\"{user}\", project_id=\"{project}\"}} {sample.Volume:R}\n");
        }
        return text.ToString();
    }

    /// <summary>One sample as a request of the OpenTelemetry protocol over HTTP.</summary>
    /// <remarks>The times are seconds although their names say otherwise: that is what Ceilometer sends and its receivers expect.</remarks>
    public static byte[] OpenTelemetry(SampleInFlight sample)
    {
        var series = sample.Series;
        var seconds = sample.Timestamp / UnixMicroseconds.PerSecond;
        object Attribute(string key, string? value) => new { key, value = new { string_value = value } };
        var points = new
        {
            data_points = new[]
            {
                new
                {
                    attributes = new[] { Attribute("resource_id", series.ResourceId), Attribute("user_id", series.UserId), Attribute("project_id", series.ProjectId) },
                    start_time_unix_nano = seconds,
                    time_unix_nano = seconds,
                    as_double = sample.Volume,
                    flags = 0,
                },
            },
        };
        var metric = new Dictionary<string, object?>
        {
            ["name"] = series.Meter.Replace('.', '_'),
            ["description"] = $"{series.Meter} unit:{series.Unit}",
            ["unit"] = series.Unit,
            [series.Type == SampleType.Cumulative ? "counter" : "gauge"] = points,
        };
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            resource_metrics = new[] { new { scope_metrics = new[] { new { scope = new { name = "ceilometer", version = "v1" }, metrics = new[] { metric } } } } },
        });
    }

    private static string Label(string? value) => (value ?? "None")
        .Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}
