using System.Text.Json;
using RabbitMQ.Client.Exceptions;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>Brokers and processes die in mid-stream; every message is in the answers once.</summary>
public sealed class OutageTests
{
    private const int Messages = 2_000;

    private static readonly Dictionary<string, string> Durable = new() { ["TELEMETRY__RabbitMq__Durable"] = "true" };

    [Fact]
    public async Task The_broker_is_killed_ten_times_in_mid_stream_and_started_again()
    {
        await using var cloud = await MeteredCloud.StartAsync(Durable);
        var (up, isEnough) = (new TaskCompletionSource(), false);
        var producing = ProduceAsync(cloud.Broker, _ => Volatile.Read(ref isEnough), () => Volatile.Read(ref up).Task);
        for (var kill = 0; kill < 10; kill++)
        {
            var before = await StoredAsync(cloud);
            await cloud.UntilAsync(async () => producing.IsFaulted || await StoredAsync(cloud) > before + 50);
            if (producing.IsFaulted)
                await producing;
            Volatile.Write(ref up, new());
            await cloud.Broker.KillAsync();
            await cloud.Broker.StartAgainAsync();
            up.SetResult();
        }
        Volatile.Write(ref isEnough, true);

        await EachOnceAsync(cloud, await producing);
    }

    [Fact]
    public async Task The_program_is_killed_again_and_again()
    {
        await using var cloud = await MeteredCloud.StartAsync(Durable);
        var producing = ProduceAsync(cloud.Broker, Task.CompletedTask);
        for (var kill = 0; kill < 3; kill++)
        {
            var before = await StoredAsync(cloud);
            await cloud.UntilAsync(async () => await StoredAsync(cloud) is var now && (now > before + 50 || now == Messages));
            await cloud.KillServerAsync();
            await cloud.StartServerAsync();
        }
        await producing;

        await EachOnceAsync(cloud);
    }

    /// <summary>A counter that grows by ten a message: each growth is in the answers once, and none is lost between what died and what came after it.</summary>
    [Fact]
    public async Task What_transformers_remember_outlives_kills_in_a_burst()
    {
        MeteredCloud.Demand();
        using var files = new TemporaryDirectory();
        await File.WriteAllTextAsync(files.File("pipeline.yaml"), """
            sources: [{name: all, meters: [requests], sinks: [deltas]}]
            sinks: [{name: deltas, transformers: [{name: delta, parameters: {target: {name: requests.delta}}}], publishers: [store]}]
            """, TestContext.Current.CancellationToken);
        await using var cloud = await MeteredCloud.StartAsync(new(Durable) { ["TELEMETRY__Pipelines__Samples"] = files.File("pipeline.yaml") });
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url, durable: true);
        for (var (kill, sent) = (0, 0); kill < 4; kill++)
        {
            for (var end = sent + (Messages / 4); sent < end; sent++)
                await producer.PublishAsync("ceilometer", "notifications.sample", Polled(sent));
            await cloud.UntilAsync(async () => await StoredAsync(cloud, "requests.delta") is var now && now > sent - (Messages / 4));
            await cloud.KillServerAsync();
            await cloud.StartServerAsync();
        }
        await cloud.UntilAsync(async () => await StoredAsync(cloud, "requests.delta") >= Messages - 1);

        var deltas = await cloud.SamplesAsync("requests.delta");
        Assert.Equal(Messages - 1, deltas.Count);
        Assert.All(deltas, d => Assert.Equal(10, d.GetProperty("volume").GetDouble()));
        Assert.Equal(Messages - 1, deltas.Select(d => d.GetProperty("timestamp").GetString()).Distinct().Count());

        static byte[] Polled(int i) => CloudProducer.Notification("telemetry.polling", new
        {
            samples = new[]
            {
                new
                {
                    source = "openstack", counter_name = "requests", counter_type = "cumulative", counter_unit = "request", counter_volume = i * 10, user_id = "u", project_id = "p",
                    resource_id = "r", timestamp = new DateTime(2026, 11, 20).AddSeconds(i).ToString("s"), resource_metadata = new { }, message_id = $"polled-{i}",
                    monotonic_time = (double?)null,
                },
            },
        }, priority: "SAMPLE");
    }

    [Fact]
    public async Task The_broker_comes_after_the_program()
    {
        MeteredCloud.Demand();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await broker.KillAsync();
        await using var cloud = await MeteredCloud.StartAsync(new() { ["TELEMETRY__RabbitMq__StartTimeoutSeconds"] = "1" }, broker);
        Assert.Empty(await cloud.SamplesAsync());

        await broker.StartAgainAsync();
        await using var producer = await CloudProducer.ConnectAsync(broker.Url);
        await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "late", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 1);
    }

    [Fact]
    public async Task A_broker_that_refuses_the_account_is_asked_again_until_it_does_not()
    {
        MeteredCloud.Demand();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await using var cloud = await MeteredCloud.StartAsync(
            new() { ["TELEMETRY__RabbitMq__StartTimeoutSeconds"] = "1" }, broker, $"amqp://cloud:secret@127.0.0.1:{broker.Url.Port}/");
        await cloud.UntilAsync(() => Task.FromResult(cloud.Server.Output.Contains("ACCESS_REFUSED", StringComparison.Ordinal)));

        await broker.ControlAsync("add_user", "cloud", "secret");
        await broker.ControlAsync("set_permissions", "cloud", ".*", ".*", ".*");
        await using var producer = await CloudProducer.ConnectAsync(broker.Url);
        await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "welcome", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 1);
        Assert.DoesNotContain("secret", cloud.Server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_brokers_are_drained_and_TLS_is_spoken()
    {
        MeteredCloud.Demand();
        await using var plain = await RabbitMqServer.StartOwnAsync();
        await using var secure = await RabbitMqServer.StartOwnAsync(tls: true);
        await using var cloud = await MeteredCloud.StartAsync(
            new() { ["TELEMETRY__RabbitMq__Urls__1"] = $"rabbit://guest:guest@127.0.0.1:{plain.Url.Port}//", ["TELEMETRY__RabbitMq__CaFile"] = secure.CaFile },
            secure, $"amqps://guest:guest@localhost:{secure.TlsPort}/");
        foreach (var broker in new[] { plain, secure })
        {
            await using var producer = await CloudProducer.ConnectAsync(broker.Url);
            await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = $"of-{broker.Url.Port}", size = 42, owner = "p" }));
        }

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 2);
    }

    [Fact]
    public async Task A_broker_of_an_unknown_authority_is_not_talked_to()
    {
        MeteredCloud.Demand();
        await using var secure = await RabbitMqServer.StartOwnAsync(tls: true);
        await using var cloud = await MeteredCloud.StartAsync(
            new() { ["TELEMETRY__RabbitMq__StartTimeoutSeconds"] = "5" }, secure, $"amqps://guest:guest@localhost:{secure.TlsPort}/");

        await cloud.UntilAsync(() => Task.FromResult(cloud.Server.Output.Contains($"localhost:{secure.TlsPort}", StringComparison.Ordinal)));
        await using var producer = await CloudProducer.ConnectAsync(secure.Url);
        await Assert.ThrowsAsync<OperationInterruptedException>(() => producer.Channel.QueueDeclarePassiveAsync("notifications.info", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_queue_that_services_have_declared_otherwise_is_named_and_holds_up_no_other()
    {
        MeteredCloud.Demand();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await using var producer = await CloudProducer.ConnectAsync(broker.Url);
        await producer.Channel.QueueDeclareAsync("notifications.info", durable: true, exclusive: false, autoDelete: false, cancellationToken: TestContext.Current.CancellationToken);
        await using var cloud = await MeteredCloud.StartAsync(broker: broker);

        await cloud.UntilAsync(() => Task.FromResult(cloud.Server.Output.Contains("inequivalent arg 'durable' for queue 'notifications.info'", StringComparison.Ordinal)));
        await producer.PublishAsync("glance", "notifications.sample", CloudProducer.Notification("image.upload", new { id = "i", size = 42, owner = "p" }, priority: "SAMPLE"));
        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 1);
    }

    [Fact]
    public async Task Two_servers_share_the_queues_and_each_message_is_taken_by_one_of_them()
    {
        MeteredCloud.Demand();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await using var one = await MeteredCloud.StartAsync(Durable, broker);
        await using var other = await MeteredCloud.StartAsync(Durable, broker);
        await ProduceAsync(broker, Task.CompletedTask);

        await one.UntilAsync(async () => await StoredAsync(one) + await StoredAsync(other) >= Messages);
        List<string> stored = [];
        foreach (var cloud in new[] { one, other })
            stored.AddRange((await cloud.SamplesAsync("image.size")).Select(s => s.GetProperty("resource_id").GetString()!));
        Assert.Equal(Messages, stored.Count);
        Assert.Equal(Messages, stored.Distinct().Count());
        Assert.InRange(await StoredAsync(one), 1, Messages - 1);
    }

    [Fact]
    public async Task A_node_that_is_down_is_passed_over_for_the_next_one_of_its_URL()
    {
        MeteredCloud.Demand();
        await using var down = await RabbitMqServer.StartOwnAsync();
        await down.KillAsync();
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await using var cloud = await MeteredCloud.StartAsync(
            new() { ["TELEMETRY__RabbitMq__StartTimeoutSeconds"] = "30" }, broker, $"rabbit://guest:guest@127.0.0.1:{down.Url.Port},guest:guest@127.0.0.1:{broker.Url.Port}//");
        await using var producer = await CloudProducer.ConnectAsync(broker.Url);
        await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "of-the-second", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count == 1);
    }

    private static Task<int> ProduceAsync(RabbitMqServer broker, Task back) => ProduceAsync(broker, published => published == Messages, () => back);

    // As oslo.messaging does: what the broker has not confirmed is published again, over a new connection.
    private static async Task<int> ProduceAsync(RabbitMqServer broker, Func<int, bool> isEnough, Func<Task> back)
    {
        var next = 0;
        var limit = DateTime.UtcNow + MeteredCloud.Patience;
        while (true)
        {
            try
            {
                await using var producer = await CloudProducer.ConnectAsync(broker.Url, durable: true);
                while (true)
                {
                    var payload = new { id = $"image-{next}", size = 42, owner = "p" };
                    await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", payload, new Guid(next, 1, 1, new byte[8]).ToString()));
                    limit = DateTime.UtcNow + MeteredCloud.Patience;
                    if (isEnough(++next))
                        return next;
                }
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException && DateTime.UtcNow < limit && !TestContext.Current.CancellationToken.IsCancellationRequested) // a dying connection ends in many ways
            {
                await back().WaitAsync(MeteredCloud.Patience, TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task<int> StoredAsync(MeteredCloud cloud, string meter = "image.size") =>
        await cloud.GetAsync($"/v2/meters/{meter}/statistics") is { ValueKind: JsonValueKind.Array } rows && rows.GetArrayLength() > 0 ? rows[0].GetProperty("count").GetInt32() : 0;

    private static async Task EachOnceAsync(MeteredCloud cloud, int messages = Messages)
    {
        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Select(s => s.GetProperty("resource_id").GetString()).Distinct().Count() == messages);
        Assert.Equal(messages, await StoredAsync(cloud));
    }
}
