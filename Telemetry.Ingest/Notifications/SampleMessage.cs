using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Notifications;

/// <summary>A sample as Ceilometer's agents send it to each other: a JSON object whose keys begin with <c>counter_</c>, signed.</summary>
/// <remarks>Source: meter_message_from_counter in ceilometer/publisher/utils.py.</remarks>
internal static class SampleMessage
{
    /// <exception cref="FormatException">A field is missing or wrong; the message names it.</exception>
    public static SampleInFlight Read(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object)
            throw new FormatException("A sample is no JSON object.");
        JsonElement? Field(string name) => SampleFields.Find(message, name);
        var series = new SeriesKey(
            SampleFields.Required("counter_name", Field("counter_name")),
            SampleFields.Type("counter_type", Field("counter_type")),
            SampleFields.Text("counter_unit", Field("counter_unit")),
            SampleFields.Required("resource_id", Field("resource_id")),
            SampleFields.Text("project_id", Field("project_id")),
            SampleFields.Text("user_id", Field("user_id")),
            SampleFields.Text("source", Field("source")) ?? "openstack");
        return new(
            series,
            SampleFields.Timestamp("timestamp", Field("timestamp")),
            SampleFields.Volume("counter_volume", Field("counter_volume")),
            ReadMetadata(Field("resource_metadata")))
        {
            MessageId = ReadMessageId(Field("message_id")),
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

    private static string? ReadMessageId(JsonElement? value) => SampleFields.Text("message_id", value) is not { } id
        ? null
        : id.Length <= MessageIds.MaxLength
            ? id
            : throw new FormatException($"'message_id' has {id.Length} characters; at most {MessageIds.MaxLength} are kept.");
}
