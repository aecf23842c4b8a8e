using System.Diagnostics.Metrics;

namespace Telemetry.Ingest.Notifications;

/// <summary>Counts messages of the bus, as <c>telemetry.ingest.notifications</c> by exchange and result.</summary>
/// <remarks>
/// Results: <c>accepted</c>, <c>repeated</c> (stored before), <c>malformed</c>, <c>refused</c> (its signature is wrong or missing), <c>failed</c>: all three to the error queue. What
/// messages gave in part only is counted by <c>telemetry.ingest.problems</c>, by exchange and kind: <c>bad_signature</c>, <c>other</c>.
/// </remarks>
internal sealed class NotificationMetrics
{
    public const string MeterName = "Telemetry.Ingest";

    private readonly Counter<long> _messages;
    private readonly Counter<long> _problems;

    public NotificationMetrics(IMeterFactory factory)
    {
        var meter = factory.Create(MeterName);
        _messages = meter.CreateCounter<long>("telemetry.ingest.notifications", "{message}", "Messages of the bus, by what became of them.");
        _problems = meter.CreateCounter<long>("telemetry.ingest.problems", "{problem}", "Parts of messages that gave nothing.");
    }

    public void Count(string exchange, string result) =>
        _messages.Add(1, new("messaging.destination.name", exchange), new("result", result));

    public void CountProblems(string exchange, string kind, int count) =>
        _problems.Add(count, new("messaging.destination.name", exchange), new("kind", kind));
}
