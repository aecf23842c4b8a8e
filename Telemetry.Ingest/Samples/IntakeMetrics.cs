using System.Diagnostics.Metrics;

namespace Telemetry.Ingest.Samples;

/// <summary>Counts what comes in. Meter <c>Telemetry.Ingest</c>.</summary>
public sealed class IntakeMetrics
{
    public const string MeterName = "Telemetry.Ingest";

    private readonly Counter<long> _samples;
    private readonly Counter<long> _events;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _bytes;

    public IntakeMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _samples = meter.CreateCounter<long>("telemetry.ingest.samples", "{sample}", "Samples stored.");
        _events = meter.CreateCounter<long>("telemetry.ingest.events", "{event}", "Telemetry events stored.");
        _refused = meter.CreateCounter<long>("telemetry.ingest.refused", "{request}", "Requests of which nothing was stored, by reason.");
        _dropped = meter.CreateCounter<long>("telemetry.ingest.dropped", "{sample}", "Samples without a volume, dropped out of accepted requests.");
        _bytes = meter.CreateCounter<long>("telemetry.ingest.bytes", "By", "Bytes of bodies received, as sent.");
    }

    public void Accepted(int samples) => _samples.Add(samples);

    public void AcceptedEvents(int events) => _events.Add(events);

    /// <param name="reason">One of a few words.</param>
    public void Refused(string reason) => _refused.Add(1, new KeyValuePair<string, object?>("reason", reason));

    public void Dropped(int samples) => _dropped.Add(samples);

    public void Received(long bytes) => _bytes.Add(bytes);
}
