using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>Signatures by header over RabbitMQ, of our own agents and of others, where every source must sign.</summary>
public sealed class SignedMessageTests : IAsyncLifetime
{
    // What services report leaves over the bus, signed, and comes back as an agent's finished samples.
    private const string Pipeline = "{sources: [{name: all, meters: ['*'], sinks: [bus]}], sinks: [{name: bus, publishers: ['notifier://']}]}";

    private readonly TemporaryDirectory _files = new();
    private readonly ECDsa _key = P256.Create();
    private MeteredCloud _cloud = null!;
    private CloudProducer _producer = null!;
    private int _udpPort;

    public async ValueTask InitializeAsync()
    {
        MeteredCloud.Demand();
        using (var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _udpPort = ((IPEndPoint)socket.LocalEndPoint!).Port;
        }
        await File.WriteAllTextAsync(_files.File("key.pem"), _key.ExportPkcs8PrivateKeyPem());
        await File.WriteAllTextAsync(_files.File("pipeline.yaml"), Pipeline);
        _cloud = await MeteredCloud.StartAsync(new()
        {
            ["TELEMETRY__Ingest__Signatures__Required__0"] = "amqp",
            ["TELEMETRY__Ingest__Signatures__Required__1"] = "udp",
            ["TELEMETRY__Ingest__Udp__Endpoint"] = $"127.0.0.1:{_udpPort}",
            ["TELEMETRY__Signing__KeyFile"] = _files.File("key.pem"),
            ["TELEMETRY__Signing__KeyId"] = "agent-1",
            ["TELEMETRY__Pipelines__Samples"] = _files.File("pipeline.yaml"),
        });
        _producer = await CloudProducer.ConnectAsync(_cloud.Broker.Url);
        using var answer = await _cloud.PostAsync("/v2/keys", JsonSerializer.Serialize(new { id = "agent-1", public_key = _key.ExportSubjectPublicKeyInfoPem() }));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    public async ValueTask DisposeAsync()
    {
        await _producer.DisposeAsync();
        await _cloud.DisposeAsync();
        _key.Dispose();
        _files.Dispose();
    }

    [Fact]
    public async Task What_our_agents_publish_is_signed_over_its_streams_and_verified_without_a_body()
    {
        await _producer.PublishAsync("glance", "notifications.info", CloudProducer.Notification("image.upload", new { id = "i", size = 42, owner = "p", status = "active", name = "n" }));

        await _cloud.UntilAsync(async () => (await _cloud.SamplesAsync("image.size")).Count == 1);

        Assert.Equal((1, 0), await AuditAsync());
        Assert.Empty((await _cloud.GetAsync("/v2/streams?prefix=evidence-")).EnumerateArray());
    }

    [Fact]
    public async Task Other_agents_sign_the_body_and_what_is_unsigned_or_signed_wrongly_is_put_aside()
    {
        var right = Metering("right");
        await _producer.PublishAsync("ceilometer", "metering.sample", right, signature: BatchSignature.OfBody("agent-1", _key, right).ToString());
        await _producer.PublishAsync("ceilometer", "metering.sample", Metering("forged"), signature: BatchSignature.OfBody("agent-1", _key, right).ToString());
        await _producer.PublishAsync("ceilometer", "metering.sample", Metering("unsigned"));
        await _producer.PublishAsync("ceilometer", "notifications.sample", CloudProducer.Notification("telemetry.polling", new { samples = new[] { Sample("polled") } }, priority: "SAMPLE"));

        await _cloud.UntilAsync(async () => await _cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"refused\"") == 3 && (await _cloud.SamplesAsync("right")).Count == 1);

        Assert.Single(await _cloud.SamplesAsync());
        Assert.Equal((1, 0), await AuditAsync());
        var reasons = new List<string>();
        while (reasons.Count < 3 && await _producer.Channel.BasicGetAsync("telemetry.errors", autoAck: true, TestContext.Current.CancellationToken) is { } message)
            reasons.Add(Encoding.UTF8.GetString((byte[])message.BasicProperties.Headers!["Telemetry-Reason"]!));
        Assert.Equal(2, reasons.Count(r => r.Contains("must be signed", StringComparison.Ordinal)));
        Assert.Single(reasons, r => r.Contains("is not of this body", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_message_that_comes_again_after_its_key_was_revoked_is_known_and_a_new_one_is_put_aside()
    {
        var (stored, late) = (Metering("stored"), Metering("late"));
        var signature = BatchSignature.OfBody("agent-1", _key, stored).ToString();
        await _producer.PublishAsync("ceilometer", "metering.sample", stored, signature: signature);
        await _cloud.UntilAsync(async () => (await _cloud.SamplesAsync("stored")).Count == 1);
        await _cloud.DeleteAsync("/v2/keys/agent-1");

        await _producer.PublishAsync("ceilometer", "metering.sample", stored, signature: signature);
        await _producer.PublishAsync("ceilometer", "metering.sample", late, signature: BatchSignature.OfBody("agent-1", _key, late).ToString());
        await _cloud.TakenAsync(3);

        Assert.Equal((1, 1), (await _cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"repeated\""), await _cloud.CounterAsync("telemetry_ingest_notifications_total", "result=\"refused\"")));
        Assert.Single(await _cloud.SamplesAsync());
        Assert.Equal((1, 0), await AuditAsync());
    }

    [Fact]
    public async Task Datagrams_have_no_place_for_a_signature_and_are_refused_where_one_is_demanded()
    {
        var datagram = JsonElement.Parse(await File.ReadAllTextAsync(TestData.Path("notifications/udp-datagrams.json"), TestContext.Current.CancellationToken))
            .GetProperty("udp_datagrams_hex")[0].GetString()!;
        using var udp = new UdpClient();
        await udp.SendAsync(Convert.FromHexString(datagram), new IPEndPoint(IPAddress.Loopback, _udpPort), TestContext.Current.CancellationToken);

        await _cloud.UntilAsync(async () => await _cloud.CounterAsync("telemetry_ingest_messages_total", "transport=\"udp\",result=\"unsigned\"") == 1);
        Assert.Empty(await _cloud.SamplesAsync());
    }

    /// <summary>How many signatures a walk through the log verified, and how many faults it found.</summary>
    private async Task<(int Signatures, int Faults)> AuditAsync()
    {
        using var answer = await _cloud.PostAsync("/v2/audit/verification", "");
        var lines = (await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var report = JsonElement.Parse(lines[^1]).GetProperty("report");
        return (report.GetProperty("signatures").GetInt32(), report.GetProperty("faults").GetArrayLength());
    }

    private static byte[] Metering(string meter) => CloudProducer.Notification("metering", new[] { Sample(meter) }, priority: "SAMPLE");

    private static object Sample(string meter) => new
    {
        source = "openstack",
        counter_name = meter,
        counter_type = "gauge",
        counter_unit = "B",
        counter_volume = 1.5,
        user_id = "u",
        project_id = "p",
        resource_id = "r",
        timestamp = "2026-11-20T10:00:00",
        resource_metadata = new { a = 1 },
        message_id = Guid.NewGuid(),
    };
}
