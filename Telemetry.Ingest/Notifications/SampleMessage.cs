using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Notifications;

/// <summary>A sample as Ceilometer's agents send it to each other: a JSON object whose keys begin with <c>counter_</c>, signed.</summary>
/// <remarks>Source: meter_message_from_counter in ceilometer/publisher/utils.py.</remarks>
internal static class SampleMessage
{
    /// <summary>The message of a sample, signed; one without an id gets a new one.</summary>
    /// <param name="publisherId">The sending host, which only the <c>tcp://</c> publisher names.</param>
    public static byte[] Write(SampleInFlight sample, SigningSecrets secrets, string? publisherId = null) => SignedMessage.Write(secrets, writer =>
    {
        var series = sample.Series;
        writer.WriteString("source", series.Source);
        writer.WriteString("counter_name", series.Meter);
        writer.WriteString("counter_type", series.Type.Name());
        writer.WriteString("counter_unit", series.Unit);
        writer.WriteNumber("counter_volume", sample.Volume);
        writer.WriteString("user_id", series.UserId);
        writer.WriteString("project_id", series.ProjectId);
        writer.WriteString("resource_id", series.ResourceId);
        writer.WriteString("timestamp", UnixMicroseconds.Format(sample.Timestamp));
        writer.WritePropertyName("resource_metadata");
        writer.WriteRawValue(sample.Metadata.Utf8.Span, skipInputValidation: true);
        writer.WriteString("message_id", sample.MessageId ?? Guid.NewGuid().ToString());
        writer.WritePropertyName("monotonic_time");
        if (sample.MonotonicTime is { } monotonic)
            writer.WriteRawValue(PythonJson.Text(monotonic), skipInputValidation: true);
        else
            writer.WriteNullValue();
        if (publisherId is not null)
            writer.WriteString("publisher_id", publisherId);
    });

    /// <exception cref="FormatException">A field is missing or wrong; the message names it.</exception>
    public static SampleInFlight Read(JsonElement message) => Read(message, "counter_", "message_id");

    /// <summary>Reads a sample as <c>http://</c> publishers send it: without the prefix, with <c>id</c> for the id, and unsigned.</summary>
    /// <exception cref="FormatException">A field is missing or wrong; the message names it.</exception>
    public static SampleInFlight ReadPublished(JsonElement message) => Read(message, "", "id");

    private static SampleInFlight Read(JsonElement message, string prefix, string id)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw new FormatException("A sample is no JSON object.");
        JsonElement? Field(string name) => SampleFields.Find(message, name);
        var series = new SeriesKey(
            SampleFields.Required($"{prefix}name", Field($"{prefix}name")),
            SampleFields.Type($"{prefix}type", Field($"{prefix}type")),
            SampleFields.Text($"{prefix}unit", Field($"{prefix}unit")),
            SampleFields.Required("resource_id", Field("resource_id")),
            SampleFields.Text("project_id", Field("project_id")),
            SampleFields.Text("user_id", Field("user_id")),
            SampleFields.Text("source", Field("source")) ?? "openstack");
        return new(
            series,
            SampleFields.Timestamp("timestamp", Field("timestamp")),
            SampleFields.Volume($"{prefix}volume", Field($"{prefix}volume")),
            ReadMetadata(Field("resource_metadata")))
        {
            MessageId = ReadMessageId(id, Field(id)),
            MonotonicTime = Field("monotonic_time") is { ValueKind: JsonValueKind.Number } time ? time.GetDouble() : null,
            Signature = Field(MessageSignature.Field) is { } signature ? MessageSignature.Bytes(signature) : null,
        };
    }

    private static Metadata ReadMetadata(JsonElement? value)
    {
        if (value is null or { ValueKind: JsonValueKind.Null })
            return Metadata.Empty;
        try
        {
            return MetadataBuilder.Of(value.Value);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"'resource_metadata' cannot be kept: {e.Message}", e);
        }
    }

    private static string? ReadMessageId(string field, JsonElement? value) => SampleFields.Text(field, value) is not { } id
        ? null
        : id.Length <= MessageIds.MaxLength
            ? id
            : throw new FormatException($"'{field}' has {id.Length} characters; at most {MessageIds.MaxLength} are kept.");
}
