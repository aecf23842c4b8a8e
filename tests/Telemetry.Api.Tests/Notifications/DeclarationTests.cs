namespace Telemetry.Api.Tests.Notifications;

/// <summary>Queues and exchanges are declared as oslo.messaging declares them under its own options: the broker refuses (406) whoever declares otherwise.</summary>
public sealed class DeclarationTests
{
    [Theory]
    [InlineData("Durable", "amqp_durable_queues")]
    [InlineData("Quorum", "rabbit_quorum_queue")]
    public async Task A_real_producer_with_the_same_option_finds_everything_as_it_declares_it(string setting, string option)
    {
        MeteredCloud.Demand();
        OsloMessaging.Demand();
        await using var cloud = await MeteredCloud.StartAsync(new() { [$"TELEMETRY__RabbitMq__{setting}"] = "true" });

        var (code, output) = await OsloMessaging.RunAsync(cloud.Broker.Url, """
            import sys
            from oslo_config import cfg
            import oslo_messaging
            conf = cfg.ConfigOpts()
            conf([])
            transport = oslo_messaging.get_notification_transport(conf, url=sys.argv[1])
            conf.set_override(sys.argv[2], True, group='oslo_messaging_rabbit')
            conf.set_override('control_exchange', 'glance')
            notifier = oslo_messaging.Notifier(transport, 'image.host1', driver='messagingv2', topics=['notifications'], retry=2)
            notifier.info({}, 'image.upload', {'id': 'declared', 'size': 42, 'owner': 'p'})
            """, option);

        Assert.True(code == 0 && !output.Contains("unreachable", StringComparison.Ordinal), output); // so it calls a broker that refuses what it declares
        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 1);
    }
}
