using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>What arrives over the bus, UDP, TCP and HTTP can be asked for; what is wrong is put aside, and the rest goes on.</summary>
public sealed class MessagingTests(MessagingTests.Fixture fixture) : IClassFixture<MessagingTests.Fixture>
{
    /// <summary>One broker and one server for all of these tests; they tell their messages apart by names.</summary>
    public sealed class Fixture : IAsyncDisposable
    {
        private readonly Lazy<Task<MeteredCloud>> _cloud;

        public Fixture()
        {
            (UdpPort, TcpPort) = (FreePort.Find(ProtocolType.Udp), FreePort.Find());
            _cloud = new(() => MeteredCloud.StartAsync(new()
            {
                ["TELEMETRY__Signing__Secrets__0"] = "s3cr3t",
                ["TELEMETRY__Signing__Secrets__1"] = "change this for valid signing",
                ["TELEMETRY__Ingest__Udp__Endpoint"] = $"127.0.0.1:{UdpPort}",
                ["TELEMETRY__Ingest__Tcp__Endpoint"] = $"127.0.0.1:{TcpPort}",
                ["TELEMETRY__RabbitMq__Topics__0"] = "notifications",
                ["TELEMETRY__RabbitMq__Topics__1"] = "versioned_notifications",
            }));
        }

        public int UdpPort { get; }
        public int TcpPort { get; }

        internal Task<MeteredCloud> Cloud => _cloud.Value;

        public async ValueTask DisposeAsync()
        {
            if (_cloud.IsValueCreated && _cloud.Value.IsCompletedSuccessfully)
                await (await _cloud.Value).DisposeAsync();
        }
    }

    [Fact]
    public async Task Polled_samples_of_a_real_agent_arrive_and_keep_their_ids_and_signatures()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        await producer.PublishRecordedAsync("recorded-polling.jsonl");

        var sent = File.ReadLines(TestData.Path("notifications/recorded-polling.jsonl")).Select(l => Inner(l).GetProperty("payload").GetProperty("samples"))
            .SelectMany(s => s.EnumerateArray()).Where(s => s.GetProperty("counter_volume").ValueKind == JsonValueKind.Number) // null: dropped, as Ceilometer does
            .Select(s => $"{s.GetProperty("message_id").GetString()} {s.GetProperty("counter_name").GetString()}").Order().ToList();
        await cloud.UntilAsync(async () =>
        {
            var ids = (await cloud.SamplesAsync()).Select(s => $"{s.GetProperty("id").GetString()} {s.GetProperty("meter").GetString()}").ToHashSet();
            return sent.TrueForAll(ids.Contains);
        });
    }

    [Fact]
    public async Task Samples_of_a_notifier_arrive_once_though_it_repeats_them_meter_by_meter()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        await producer.PublishRecordedAsync("recorded-telemetry.jsonl");

        var sent = File.ReadLines(TestData.Path("notifications/recorded-telemetry.jsonl")).Select(Inner).Where(m => m.GetProperty("event_type").GetString()!.StartsWith("metering", StringComparison.Ordinal))
            .SelectMany(m => m.GetProperty("payload").EnumerateArray()).Select(s => s.GetProperty("message_id").GetString()!).ToHashSet();
        await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_notifications_total", "name=\"ceilometer\"") >= 10
            && (await cloud.SamplesAsync()).Select(s => s.GetProperty("id").GetString()!).Where(sent.Contains).Distinct().Count() == sent.Count);
        // The UDP publisher of the recordings sent samples with these ids as well; over the bus they are one each.
        Assert.All(
            (await cloud.SamplesAsync()).Where(s => sent.Contains(s.GetProperty("id").GetString()!)).GroupBy(s => s.GetProperty("id").GetString()), s => Assert.InRange(s.Count(), 1, 3));
    }

    [Fact]
    public async Task Datagrams_of_a_real_publisher_arrive_over_UDP_and_TCP()
    {
        var cloud = await fixture.Cloud;
        var recorded = JsonElement.Parse(await File.ReadAllTextAsync(TestData.Path("notifications/udp-datagrams.json"), Cancelled))
            .GetProperty("udp_datagrams_hex").EnumerateArray().Select(d => Convert.FromHexString(d.GetString()!)).ToList();
        using var udp = new UdpClient();
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, fixture.TcpPort, Cancelled);
        foreach (var datagram in recorded)
        {
            await udp.SendAsync(datagram, new IPEndPoint(IPAddress.Loopback, fixture.UdpPort), Cancelled);
            var length = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(length, datagram.Length);
            await tcp.GetStream().WriteAsync((byte[])[.. length, .. datagram], Cancelled);
        }

        foreach (var protocol in new[] { "udp", "tcp" })
            await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_messages_total", $"transport=\"{protocol}\",result=\"accepted\"") == recorded.Count);
    }

    [Fact]
    public async Task A_bare_message_and_one_without_a_content_type_are_read_too()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        var message = CloudProducer.Message("image.upload", new { id = "bare-image", size = 42, owner = "p", status = "active", name = "n" });
        await producer.PublishAsync("glance", "notifications.info", JsonSerializer.SerializeToUtf8Bytes(message), contentType: null);

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Any(s => s.GetProperty("resource_id").GetString() == "bare-image"));
    }

    [Fact]
    public async Task A_message_that_comes_again_counts_once()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        var body = CloudProducer.Notification("image.upload", new { id = "repeated-image", size = 42, owner = "p" });
        for (var i = 0; i < 20; i++)
            await producer.PublishAsync("glance", "notifications.info", body);
        await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "after-the-repeats", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Any(s => s.GetProperty("resource_id").GetString() == "after-the-repeats"));
        await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"repeated\"") >= 19);
        Assert.Single(await cloud.SamplesAsync("image.size"), s => s.GetProperty("resource_id").GetString() == "repeated-image");
    }

    [Fact]
    public async Task What_cannot_be_read_goes_to_the_error_queue_with_its_reason_and_the_rest_goes_on()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        var whole = CloudProducer.Notification("image.upload", new { id = "i", size = 1 });
        var wrong = new Dictionary<string, byte[]>
        {
            ["The message is no JSON"] = whole[..^20],
            ["'oslo.version' is \"3.0\"; version 2 is read."] = CloudProducer.Envelope("{}", version: "3.0"),
            ["'event_type' is missing."] = CloudProducer.Envelope("""{"message_id": "x", "payload": {}, "timestamp": "2026-11-20 10:00:00"}"""),
            ["'timestamp' is 'yesterday', which is no time."] = CloudProducer.Envelope("""{"message_id": "x", "event_type": "odd.time", "payload": {}, "timestamp": "yesterday"}"""),
            ["The message is no JSON object."] = "[1, 2, 3]"u8.ToArray(),
            ["at most 8388608 are read"] = CloudProducer.Notification("image.upload", new { id = new string('x', 10 << 20) }),
            ["The message is no JSON:"] = Encoding.UTF8.GetBytes(new string('[', 100_000)),
        };
        foreach (var body in wrong.Values)
            await producer.PublishAsync("glance", "notifications.info", body);
        await producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "after-the-poison", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Any(s => s.GetProperty("resource_id").GetString() == "after-the-poison"));
        await cloud.UntilAsync(async () => (await producer.Channel.QueueDeclarePassiveAsync("telemetry.errors", Cancelled)).MessageCount == wrong.Count);
        var reasons = new List<string>();
        while (await producer.Channel.BasicGetAsync("telemetry.errors", autoAck: true, Cancelled) is { } refused)
        {
            string Header(string name) => Encoding.UTF8.GetString((byte[])refused.BasicProperties.Headers![name]!);
            reasons.Add(Header("Telemetry-Reason"));
            Assert.Equal(("glance", "notifications.info"), (Header("Telemetry-Exchange"), Header("Telemetry-RoutingKey")));
            Assert.Contains(wrong.Values, body => refused.Body.Span.SequenceEqual(body));
        }
        Assert.All(wrong.Keys, reason => Assert.Contains(reasons, r => r.Contains(reason, StringComparison.Ordinal)));
        Assert.Contains("A message odd.time from exchange glance goes to the error queue", cloud.Server.Output, StringComparison.Ordinal);
        Assert.Equal(wrong.Count, await cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"malformed\""));
    }

    [Theory]
    [InlineData("image.update", """{"id": "shape-1", "size": NaN}""", "Meter 'image.size': 'volume' is nan", 2)] // nor is it a trait
    [InlineData("image.upload", """{"id": "shape-2", "size": 5, "created_at": "the day before"}""", "Trait 'created_at' is to be datetime, but its value is 'the day before'.")]
    [InlineData("http.request", """["of", "another", "shape"]""", "'payload.request' is no object.")]
    [InlineData("telemetry.polling", """{"samples": {"a": 1}}""", "'payload.samples' is no list.")]
    [InlineData("hardware.ipmi.metrics.update", """{"payload": {}, "node_uuid": "n", "timestamp": "soon"}""", "'payload.timestamp' is \"soon\"")]
    public async Task What_is_wrong_in_a_part_of_a_message_is_counted_and_logged_with_exchange_and_type_and_the_rest_goes_on(string eventType, string payload, string reason, int parts = 1)
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        var before = await cloud.CounterAsync("telemetry_ingest_problems_total", "name=\"trove\",kind=\"other\"");
        var json = JsonSerializer.Serialize(CloudProducer.Message(eventType, 0)).Replace("\"payload\":0", $"\"payload\":{payload}", StringComparison.Ordinal);
        await producer.PublishAsync("trove", "notifications.info", CloudProducer.Envelope(json));
        await producer.PublishAsync("trove", "notifications.info", CloudProducer.Notification("image.upload", new { id = $"after-{eventType}", size = 42, owner = "p" }));

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Any(s => s.GetProperty("resource_id").GetString() == $"after-{eventType}"));
        await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_problems_total", "name=\"trove\",kind=\"other\"") == before + parts);
        await cloud.UntilAsync(() => Task.FromResult(cloud.Server.Output.Contains($"{parts} parts of a message {eventType} from exchange trove gave nothing; the first: {reason}", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_forged_sample_is_refused_counted_and_logged_and_the_others_of_its_message_count()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        var good = File.ReadLines(TestData.Path("notifications/recorded-polling.jsonl")).Select(l => Inner(l).GetProperty("payload").GetProperty("samples")[0]).First();
        var forged = good.GetRawText().Replace(good.GetProperty("counter_name").GetString()!, "forged.meter", StringComparison.Ordinal);
        var payload = JsonElement.Parse($$"""{"samples": [{{forged}}, {{good.GetRawText()}}]}""");
        await producer.PublishAsync("ceilometer", "notifications.sample", CloudProducer.Notification("telemetry.polling", payload, priority: "SAMPLE"));

        await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_problems_total", "name=\"ceilometer\",kind=\"bad_signature\"") == 1);
        Assert.Empty(await cloud.SamplesAsync("forged.meter"));
        Assert.Contains("a message telemetry.polling from exchange ceilometer gave nothing", cloud.Server.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nova_s_versioned_notifications_are_taken_as_telemetry_events()
    {
        var cloud = await fixture.Cloud;
        await using var producer = await CloudProducer.ConnectAsync(cloud.Broker.Url);
        await producer.Channel.QueueDeclareAsync("versioned_notifications.info", durable: false, exclusive: false, autoDelete: false, cancellationToken: Cancelled); // as nova does: no 406
        var before = await cloud.CounterAsync("telemetry_ingest_events_total");
        var body = File.ReadLines(TestData.Path("notifications/recorded.jsonl")).Select(l => JsonElement.Parse(l)).First(m => m.GetProperty("exchange").GetString() == "nova").GetProperty("body").GetString()!;
        await producer.PublishAsync("nova", "versioned_notifications.info", Encoding.UTF8.GetBytes(body));

        await cloud.UntilAsync(async () => await cloud.CounterAsync("telemetry_ingest_events_total") > before);
    }

    [Fact]
    public async Task A_real_producer_s_message_arrives()
    {
        var cloud = await fixture.Cloud;
        OsloMessaging.Demand();
        var (code, output) = await OsloMessaging.RunAsync(cloud.Broker.Url, """
            import sys
            from oslo_config import cfg
            import oslo_messaging
            conf = cfg.ConfigOpts()
            conf([])
            transport = oslo_messaging.get_notification_transport(conf, url=sys.argv[1])
            notifier = oslo_messaging.Notifier(transport, 'image.host1', driver='messagingv2', topics=['notifications'])
            conf.set_override('control_exchange', 'glance')
            for i in range(5):
                notifier.info({'user_id': 'u', 'project_id': 'p'}, 'image.upload', {'id': 'live-%d' % i, 'size': 42 + i, 'owner': 'p', 'name': 'żółw'})
            """);
        Assert.True(code == 0, output);

        await cloud.UntilAsync(async () => (await cloud.SamplesAsync("image.size")).Count(s => s.GetProperty("resource_id").GetString()!.StartsWith("live-", StringComparison.Ordinal)) == 5);
        var sample = (await cloud.SamplesAsync("image.size")).Single(s => s.GetProperty("resource_id").GetString() == "live-3");
        Assert.Equal((45.0, "p", "żółw"), (sample.GetProperty("volume").GetDouble(), sample.GetProperty("project_id").GetString(), sample.GetProperty("metadata").GetProperty("name").GetString()));
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static JsonElement Inner(string line) => JsonElement.Parse(JsonElement.Parse(JsonElement.Parse(line).GetProperty("body").GetString()!).GetProperty("oslo.message").GetString()!);
}
