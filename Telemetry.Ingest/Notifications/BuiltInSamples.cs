using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Notifications;

/// <summary>Samples of notifications that no definition can describe.</summary>
/// <remarks>Sources: ceilometer/middleware.py and ceilometer/ipmi/notifications/ironic.py.</remarks>
internal static class BuiltInSamples
{
    private static readonly string[] Sensors = ["Current", "Fan", "Temperature", "Voltage"];

    /// <summary>Of <c>http.request</c> and <c>http.response</c>, which the audit middleware sends: one request counted.</summary>
    /// <exception cref="FormatException">A field is missing or wrong.</exception>
    public static SampleInFlight OfRequest(Notification notification, NotificationOptions options)
    {
        if (notification.Payload.ValueKind != JsonValueKind.Object
            || SampleFields.Find(notification.Payload, "request") is not { ValueKind: JsonValueKind.Object } request)
            throw new FormatException("'payload.request' is no object.");
        var series = new SeriesKey(
            notification.EventType, SampleType.Delta, notification.EventType["http.".Length..],
            SampleFields.Required("payload.request.HTTP_X_SERVICE_NAME", SampleFields.Find(request, "HTTP_X_SERVICE_NAME")),
            SampleFields.Text("payload.request.HTTP_X_PROJECT_ID", SampleFields.Find(request, "HTTP_X_PROJECT_ID")),
            SampleFields.Text("payload.request.HTTP_X_USER_ID", SampleFields.Find(request, "HTTP_X_USER_ID")),
            options.SampleSource);
        return new(series, notification.Timestamp, 1, DefaultMetadata(notification, notification.Payload).Build());
    }

    /// <summary>Of the sensors in ironic's <c>hardware.ipmi.metrics.update</c>, one each; resource NODE-SENSOR.</summary>
    /// <exception cref="FormatException">The payload has another shape.</exception>
    public static void AddSensors(Notification notification, NotificationOptions options, List<SampleInFlight> samples, Action<string> problem)
    {
        var outer = notification.Payload;
        if (outer.ValueKind != JsonValueKind.Object || SampleFields.Find(outer, "payload") is not { ValueKind: JsonValueKind.Object } readings)
            throw new FormatException("'payload.payload' is no object.");
        var node = SampleFields.Required("payload.node_uuid", SampleFields.Find(outer, "node_uuid"));
        var timestamp = SampleFields.Timestamp("payload.timestamp", SampleFields.Find(outer, "timestamp"));
        foreach (var kind in Sensors)
        {
            if (SampleFields.Find(readings, kind) is not { ValueKind: JsonValueKind.Object } sensors)
                continue;
            foreach (var sensor in sensors.EnumerateObject())
            {
                try
                {
                    if (OfSensor(notification, options, kind, sensor.Value, node, timestamp) is { } sample)
                        samples.Add(sample);
                }
                catch (FormatException e)
                {
                    problem($"Sensor '{sensor.Name}' of node '{node}': {e.Message}");
                }
            }
        }
    }

    /// <summary>What a sample has as metadata if its definition names none: the payload, the type and the sender.</summary>
    public static MetadataBuilder DefaultMetadata(Notification notification, JsonElement payload) => new MetadataBuilder()
        .AddAll(payload)
        .Add("event_type", notification.EventType)
        .Add("host", notification.PublisherId);

    private static SampleInFlight? OfSensor(
        Notification notification, NotificationOptions options, string kind, JsonElement sensor, string node, long timestamp)
    {
        if (sensor.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no object.");
        var id = SampleFields.Required("Sensor ID", SampleFields.Find(sensor, "Sensor ID"));
        var reading = SampleFields.Required("Sensor Reading", SampleFields.Find(sensor, "Sensor Reading"));
        if (reading == "Disabled")
            return null;
        // "28.500 (+/- 0.500) degrees C": the first word is the value, the last one the unit.
        var words = reading.Split(' ');
        if (words.Length < 2 || !double.TryParse(words[0], NumberStyles.Float, CultureInfo.InvariantCulture, out var volume) || !double.IsFinite(volume))
            throw new FormatException($"'Sensor Reading' is '{reading}', which has no value and unit.");
        var unit = words[^1] switch { "Watts" => "W", "Volts" => "V", var other => other };
        var eventType = SampleFields.Text("payload.event_type", SampleFields.Find(notification.Payload, "event_type")) ?? notification.EventType;
        var metadata = new MetadataBuilder().AddAll(sensor).Add("node", node).Add("event_type", eventType).Add("host", notification.PublisherId);
        var series = new SeriesKey(
            $"hardware.ipmi.{kind.ToLowerInvariant()}", SampleType.Gauge, unit,
            SampleFields.Required("resource_id", JsonSerializer.SerializeToElement($"{node}-{id.ToLowerInvariant().Replace(' ', '_')}")),
            SampleFields.Text("payload.project_id", SampleFields.Find(notification.Payload, "project_id")),
            SampleFields.Text("payload.user_id", SampleFields.Find(notification.Payload, "user_id")),
            options.SampleSource);
        return new(series, timestamp, volume, metadata.Build());
    }
}
