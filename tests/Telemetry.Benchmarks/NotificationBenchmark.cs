using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using RabbitMQ.Client;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Benchmarks;

/// <summary>
/// How fast a server drains queues of RabbitMQ that were filled before, until all can be asked for: the recorded notifications with ids of their own, and
/// finished samples by the hundred, signed. Where Debian's ceilometer-agent-notification is installed, how fast that drains the same notifications.
/// </summary>
internal static class NotificationBenchmark
{
    private const string Secret = "s3cr3t";
    private const int SamplesAMessage = 100;

    public static async Task RunAsync(int notifications, int meteringMessages)
    {
        await using var broker = await RabbitMqServer.StartOwnAsync();
        await using var producer = await Producer.ConnectAsync(broker.Url);
        await DrainAsync(broker, producer, "notifications", [.. Notifications(notifications)], 1);
        await DrainAsync(broker, producer, "samples in metering messages of 100", [.. await MeteringAsync(meteringMessages)], SamplesAMessage);
        if (File.Exists(Ceilometer.Program))
            await Ceilometer.DrainAsync(broker, producer, [.. Notifications(Math.Min(notifications, 20_000))]);
        else
            Console.WriteLine("ceilometer-agent-notification is not installed (apt-get install ceilometer-agent-notification): no ratio.");
    }

    private static async Task DrainAsync(RabbitMqServer broker, Producer producer, string what, List<Message> messages, int itemsAMessage)
    {
        foreach (var message in messages)
            await producer.PublishAsync(message);
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            var (server, _) = await ServerProcess.StartAsync(data, new Dictionary<string, string>
            {
                ["TELEMETRY__RabbitMq__Urls__0"] = broker.Url.ToString(),
                ["TELEMETRY__Signing__Secrets__0"] = Secret,
            });
            await using (server)
            {
                using var client = new HttpClient { BaseAddress = server.Url };
                var (first, last) = (await TakenAsync(client), Stopwatch.StartNew());
                var cpu = server.CpuSeconds;
                var taken = first;
                while (taken < messages.Count)
                {
                    await Task.Delay(50);
                    taken = await TakenAsync(client);
                }
                var seconds = last.Elapsed.TotalSeconds;
                var items = (taken - first) * itemsAMessage;
                Console.WriteLine(
                    $"{items / seconds,10:N0} {what}/s ({items / (server.CpuSeconds - cpu):N0} per server CPU-second, peak {server.PeakMegabytes:N0} MB); {await StoredAsync(client):N0} samples can be asked for");
                if (items < messages.Count * itemsAMessage / 2)
                    Console.WriteLine("           (more than half were taken before the clock ran: give more)");
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<long> TakenAsync(HttpClient client) => (await client.GetStringAsync("/metrics")).Split('\n')
        .Where(l => l.StartsWith("telemetry_ingest_notifications_total", StringComparison.Ordinal)).Sum(l => long.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    private static async Task<long> StoredAsync(HttpClient client)
    {
        var stored = 0L;
        foreach (var meter in (await client.GetFromJsonAsync<JsonElement>("/v2/meters?unique=True&limit=10000")).EnumerateArray().Select(m => m.GetProperty("name").GetString()!).Distinct())
        {
            var rows = await client.GetFromJsonAsync<JsonElement>($"/v2/meters/{Uri.EscapeDataString(meter)}/statistics");
            stored += rows.EnumerateArray().Sum(r => r.GetProperty("count").GetInt64());
        }
        return stored;
    }

    /// <summary>The recordings again and again, each message with an id of its own.</summary>
    private static IEnumerable<Message> Notifications(int count)
    {
        var recorded = File.ReadLines(Repository.File("tests/data/notifications/recorded.jsonl")).Select(l => JsonElement.Parse(l)).Select(m =>
        {
            var body = m.GetProperty("body").GetString()!;
            var id = JsonElement.Parse(JsonElement.Parse(body).GetProperty("oslo.message").GetString()!).GetProperty("message_id").GetString()!;
            return (Exchange: m.GetProperty("exchange").GetString()!, Key: m.GetProperty("routing_key").GetString()!, Body: body, Id: id);
        }).ToList();
        for (var i = 0; i < count; i++)
        {
            var (exchange, key, body, id) = recorded[i % recorded.Count];
            yield return new(exchange, key, Encoding.UTF8.GetBytes(body.Replace(id, Guid.NewGuid().ToString(), StringComparison.Ordinal)));
        }
    }

    /// <summary>As a notifier sends them: 1,000 series, a message a time.</summary>
    private static async Task<List<Message>> MeteringAsync(int count)
    {
        var sent = new Collector();
        var publisher = new PublisherFactory(new SigningSecrets([Secret]), sent, TimeProvider.System, "bench").Create(PublisherUrl.Read(YamlValue.Parse("f", "notifier")))!;
        var metadata = Metadata.Parse("""{"host": "compute-1", "flavor": {"name": "m1.small", "vcpus": 2}, "display_name": "vm", "status": "active"}"""u8.ToArray());
        var start = UnixMicroseconds.From(new DateTimeOffset(2026, 11, 20, 0, 0, 0, TimeSpan.Zero));
        for (var i = 0; i < count; i++)
        {
            await publisher.PublishAsync(
                [.. Enumerable.Range(0, SamplesAMessage).Select(n => new SampleInFlight(
                    new("cpu", SampleType.Cumulative, "ns", $"r{(i % 10 * SamplesAMessage) + n}", $"p{n % 20}", "u", "openstack"), start + i * 6_000_000L, i * 1e9 + n, metadata)
                { MessageId = Guid.NewGuid().ToString() })],
                CancellationToken.None);
        }
        return sent.Messages;
    }

    private sealed record Message(string Exchange, string Key, byte[] Body);

    private sealed class Collector : INotificationSender
    {
        public List<Message> Messages { get; } = [];

        public Task SendAsync(string topic, string priority, ReadOnlyMemory<byte> body, BatchSignature? signature, CancellationToken ct)
        {
            Messages.Add(new("ceilometer", $"{topic}.{priority}", body.ToArray()));
            return Task.CompletedTask;
        }
    }

    private sealed class Producer(IConnection connection, IChannel channel) : IAsyncDisposable
    {
        private readonly HashSet<(string, string)> _declared = [];

        public static async Task<Producer> ConnectAsync(Uri url)
        {
            var connection = await new ConnectionFactory { Uri = url }.CreateConnectionAsync();
            return new(connection, await connection.CreateChannelAsync());
        }

        public async Task PublishAsync(Message message)
        {
            if (_declared.Add((message.Exchange, message.Key)))
            {
                await channel.ExchangeDeclareAsync(message.Exchange, ExchangeType.Topic);
                await channel.QueueDeclareAsync(message.Key, durable: false, exclusive: false, autoDelete: false);
                await channel.QueueBindAsync(message.Key, message.Exchange, message.Key);
            }
            await channel.BasicPublishAsync(
                message.Exchange, message.Key, mandatory: false, new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent }, message.Body);
        }

        public async ValueTask DisposeAsync()
        {
            await channel.DisposeAsync();
            await connection.DisposeAsync();
        }
    }

    /// <summary>Debian's agent with its own definitions; of what it makes samples go to a file and events, which it writes to none, to memory.</summary>
    private static class Ceilometer
    {
        public const string Program = "/usr/bin/ceilometer-agent-notification";

        public static async Task DrainAsync(RabbitMqServer broker, Producer producer, List<Message> messages)
        {
            foreach (var message in messages)
                await producer.PublishAsync(message);
            var folder = Directory.CreateTempSubdirectory("telemetry-ceilometer-").FullName;
            try
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "pipeline.yaml"), $"{{sources: [{{name: s, meters: ['*'], sinks: [k]}}], sinks: [{{name: k, publishers: ['file://{folder}/samples']}}]}}");
                await File.WriteAllTextAsync(Path.Combine(folder, "event_pipeline.yaml"), $"{{sources: [{{name: s, events: ['*'], sinks: [k]}}], sinks: [{{name: k, publishers: ['test://']}}]}}");
                await File.WriteAllTextAsync(Path.Combine(folder, "ceilometer.conf"), $"""
                    [DEFAULT]
                    transport_url = rabbit://{broker.Url.UserInfo}@{broker.Url.Host}:{broker.Url.Port}//
                    pipeline_cfg_file = {folder}/pipeline.yaml
                    event_pipeline_cfg_file = {folder}/event_pipeline.yaml
                    """);
                using var agent = Process.Start(new ProcessStartInfo(Program, ["--config-file", Path.Combine(folder, "ceilometer.conf"), "--log-file", Path.Combine(folder, "log")])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                })!;
                try
                {
                    // What it has written tells how far it is: it takes the messages out of the queues long before it works on them.
                    var written = new FileInfo(Path.Combine(folder, "samples"));
                    var (clock, first, last) = (Stopwatch.StartNew(), (Bytes: 0L, At: TimeSpan.Zero), (Bytes: 0L, At: TimeSpan.Zero));
                    while (clock.Elapsed - last.At < (last.Bytes == 0 ? TimeSpan.FromMinutes(1) : TimeSpan.FromSeconds(5)))
                    {
                        await Task.Delay(50);
                        written.Refresh();
                        var now = (Bytes: written.Exists ? written.Length : 0, At: clock.Elapsed);
                        if (now.Bytes > last.Bytes)
                            (first, last) = (first.Bytes == 0 ? now : first, now);
                    }
                    if (last.Bytes == 0)
                        throw new InvalidOperationException($"ceilometer-agent-notification made nothing; it wrote:\n{string.Join('\n', File.ReadLines(Path.Combine(folder, "log")).TakeLast(30))}");
                    var taken = messages.Count * (last.Bytes - first.Bytes) / (double)last.Bytes;
                    Console.WriteLine($"{taken / (last.At - first.At).TotalSeconds,10:N0} notifications/s by ceilometer-agent-notification ({File.ReadLines(written.FullName).Count():N0} samples in a file, of {messages.Count:N0} notifications)");
                }
                finally
                {
                    agent.Kill(entireProcessTree: true);
                    await agent.WaitForExitAsync();
                }
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }
}
