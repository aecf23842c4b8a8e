using Telemetry.Ingest.Notifications.Bus;

namespace Telemetry.Ingest.Tests.Notifications.Bus;

public sealed class BusQueueTests
{
    [Fact]
    public void Every_priority_of_the_topic_is_drained_from_every_exchange_and_finished_samples_and_events_from_that_of_the_agents()
    {
        var queues = BusQueue.Consumed(new(), new());

        Assert.Equal(
            ["event.sample", "metering.sample", "notifications.audit", "notifications.critical", "notifications.debug", "notifications.error", "notifications.info", "notifications.sample", "notifications.warn"],
            queues.Select(q => q.Name).Order(StringComparer.Ordinal));
        // Of Ceilometer's newest release and of 9.0.7 (sahara).
        Assert.All(queues.Where(q => q.Name.StartsWith("notifications.", StringComparison.Ordinal)), q => Assert.Equal(
            ["aodh", "ceilometer", "cinder", "dns", "glance", "heat", "ironic", "keystone", "magnum", "neutron", "nova", "sahara", "swift", "trove", "zaqar"], q.Exchanges.Order(StringComparer.Ordinal)));
        Assert.All(queues.Where(q => !q.Name.StartsWith("notifications.", StringComparison.Ordinal)), q => Assert.Equal(["ceilometer"], q.Exchanges));
        Assert.All(queues, q => Assert.True(q.IsConsumed));
    }

    [Fact]
    public void Exchanges_topics_and_priorities_are_the_operator_s()
    {
        var queues = BusQueue.Consumed(
            new() { Exchanges = { "nova", "central" }, Topics = { "notifications", "versioned_notifications" }, Priorities = { "info" }, TelemetryExchange = "metered" },
            new() { SampleTopics = ["samples"], EventTopics = [] });

        Assert.Equal(
            ["notifications.info from nova central", "samples.sample from metered", "versioned_notifications.info from nova central"],
            queues.Select(q => $"{q.Name} from {string.Join(' ', q.Exchanges)}").Order(StringComparer.Ordinal));
    }
}
