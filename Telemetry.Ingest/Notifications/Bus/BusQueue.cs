namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>A queue of oslo.messaging, its name also the routing key by which it hangs on exchanges.</summary>
/// <param name="IsConsumed">Whether it is drained here; otherwise it is only declared, as oslo.messaging does before it publishes.</param>
internal sealed record BusQueue(string Name, IReadOnlyList<string> Exchanges, bool IsConsumed = true)
{
    public static string NameOf(string topic, string priority) => $"{topic}.{priority}";

    /// <summary>All that is consumed: notifications from the services' exchanges, finished samples and events from the agents'.</summary>
    public static IReadOnlyList<BusQueue> Consumed(BusOptions bus, NotificationOptions notifications)
    {
        var queues = new Dictionary<string, BusQueue>();
        foreach (var topic in bus.EffectiveTopics)
        {
            foreach (var priority in bus.EffectivePriorities)
                queues[NameOf(topic, priority)] = new(NameOf(topic, priority), bus.EffectiveExchanges);
        }
        foreach (var topic in notifications.SampleTopics.Concat(notifications.EventTopics))
            queues.TryAdd(NameOf(topic, "sample"), new(NameOf(topic, "sample"), [bus.TelemetryExchange]));
        return [.. queues.Values];
    }
}
