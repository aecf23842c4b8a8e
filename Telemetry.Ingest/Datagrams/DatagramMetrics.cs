using System.Diagnostics.Metrics;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Counts what the receivers get, as <c>telemetry.ingest.messages</c> by protocol and result.</summary>
/// <remarks>Results: <c>accepted</c>, <c>malformed</c>, <c>bad_signature</c>, <c>dropped</c> (too many a second), <c>lost</c> (not stored).</remarks>
internal sealed class DatagramMetrics
{
    public const string MeterName = "Telemetry.Ingest";

    private readonly Counter<long> _messages;

    public DatagramMetrics(IMeterFactory factory) =>
        _messages = factory.Create(MeterName).CreateCounter<long>("telemetry.ingest.messages", "{message}", "Sample messages received over UDP and TCP.");

    public void Count(string protocol, string result, int count = 1) =>
        _messages.Add(count, new("network.transport", protocol), new("result", result));
}
