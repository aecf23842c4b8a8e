using System.Text.Json;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Pipelines.Publishers;

public sealed class PublisherTests : IDisposable
{
    private static readonly SigningSecrets Secret = new(["s3cr3t"]);

    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-publishers").FullName;
    private readonly Bus _bus = new();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task What_the_notifier_sends_is_read_back_signed_and_unchanged()
    {
        var sample = InFlight.Of(metadata: """{"a": [1, "ż"]}""", monotonic: 5) with { MessageId = "id-1" };
        var made = new TelemetryEvent("m-1", "x.y", InFlight.Start, [new("t", QueryValue.Of("v")), new("f", QueryValue.Of(1e16))]);
        var publisher = Publisher("notifier://");
        await publisher.PublishAsync([sample], CancellationToken.None);
        await publisher.PublishAsync([made], CancellationToken.None);
        await publisher.PublishAsync(Array.Empty<SampleInFlight>(), CancellationToken.None);

        var converter = DefinitionFiles.Shipped.Load(new() { Secrets = Secret });
        Assert.Equal(["metering", "event"], _bus.Sent.Select(s => s.Topic));
        var samples = converter.Convert(_bus.Sent[0].Body);
        Assert.Equal(("metering", "sample"), (samples.EventType, samples.Priority));
        Assert.Equal(sample, Assert.Single(samples.Samples) with { Signature = null });
        var back = Assert.Single(converter.Convert(_bus.Sent[1].Body).Events);
        Assert.Equal((made.MessageId, made.EventType, made.GeneratedAt), (back.MessageId, back.EventType, back.GeneratedAt));
        Assert.Equal(made.Traits, back.Traits);
    }

    /// <summary>The keys of meter_message_from_counter and of oslo.messaging's notifier.</summary>
    [Fact]
    public async Task A_notifier_message_has_the_fields_that_agents_read()
    {
        await Publisher("notifier").PublishAsync([InFlight.Of()], CancellationToken.None);

        var envelope = JsonElement.Parse(_bus.Sent[0].Body);
        Assert.Equal("2.0", envelope.GetProperty("oslo.version").GetString());
        var message = JsonElement.Parse(envelope.GetProperty("oslo.message").GetString()!);
        Assert.Equal(
            ("telemetry.publisher.h", "metering", "SAMPLE", "2026-11-20 10:00:00.000000"),
            (message.GetProperty("publisher_id").GetString(), message.GetProperty("event_type").GetString(), message.GetProperty("priority").GetString(), message.GetProperty("timestamp").GetString()));
        Assert.Equal(
            ["source", "counter_name", "counter_type", "counter_unit", "counter_volume", "user_id", "project_id", "resource_id", "timestamp", "resource_metadata", "message_id", "monotonic_time", "message_signature"],
            message.GetProperty("payload")[0].EnumerateObject().Select(p => p.Name));
        Assert.True(MessageSignature.Verify(message.GetProperty("payload")[0], Secret));
    }

    [Fact]
    public async Task Topics_are_repeated_and_each_meter_may_have_its_own_type()
    {
        await Publisher("notifier://?topic=a&topic=b&per_meter_topic=1").PublishAsync([InFlight.Of(), InFlight.Of("memory"), InFlight.Of()], CancellationToken.None);

        var converter = DefinitionFiles.Shipped.Load(new() { SampleTopics = ["a", "b"] });
        Assert.Equal(
            [("a", "a", 3), ("a", "a.cpu", 2), ("a", "a.memory", 1), ("b", "b", 3), ("b", "b.cpu", 2), ("b", "b.memory", 1)],
            _bus.Sent.Select(s => converter.Convert(s.Body) is var c ? (s.Topic, c.EventType, c.Samples.Count) : default));
    }

    [Theory]
    [InlineData("default", true, new[] { "third" })]
    [InlineData("drop", false, new[] { "third" })]
    [InlineData("queue", false, new[] { "first", "second", "third" })]
    [InlineData("queue&max_queue_length=1", false, new[] { "second", "third" })]
    public async Task A_policy_says_what_becomes_of_what_the_bus_does_not_take(string policy, bool throws, string[] arrived)
    {
        var publisher = Publisher($"notifier://?policy={policy}");
        _bus.Down = true;
        foreach (var meter in (string[])["first", "second"])
        {
            var error = await Record.ExceptionAsync(() => publisher.PublishAsync([InFlight.Of(meter)], CancellationToken.None));
            Assert.Equal(throws, error is PublisherException);
        }
        _bus.Down = false;
        await publisher.PublishAsync([InFlight.Of("third")], CancellationToken.None);

        Assert.Equal(arrived, _bus.Sent.Select(s => Assert.Single(DefinitionFiles.Shipped.Load().Convert(s.Body).Samples).Series.Meter));
    }

    [Fact]
    public void A_notifier_without_a_bus_is_an_error() =>
        Assert.Contains("no message bus", Assert.Throws<PublisherException>(() =>
            new PublisherFactory(Secret, null, TimeProvider.System, "h").Create(Url("notifier://"))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_store_is_not_published_to() => Assert.Null(new PublisherFactory(Secret, null, TimeProvider.System, "h").Create(Url("gnocchi://")));

    [Fact]
    public async Task A_file_gets_a_line_an_item_as_JSON_or_as_Python_prints_it()
    {
        var sample = InFlight.Of(unit: null, metadata: """{"it's": [true, 1.0]}""") with { MessageId = "i" };
        await Publisher($"file://{_folder}/json?json").PublishAsync([sample], CancellationToken.None);
        await Publisher($"file://{_folder}/python").PublishAsync([sample, sample], CancellationToken.None);

        Assert.StartsWith("""{"name":"cpu","type":"cumulative","unit":null,""", Assert.Single(await File.ReadAllLinesAsync($"{_folder}/json", TestContext.Current.CancellationToken)), StringComparison.Ordinal);
        Assert.Equal("""
            {'name': 'cpu', 'type': 'cumulative', 'unit': None, 'volume': 1, 'user_id': 'u1', 'user_name': None, 'project_id': 'p1', 'project_name': None, 'resource_id': 'r1', 'timestamp': '2026-11-20T10:00:00', 'resource_metadata': {"it's": [True, 1.0]}, 'source': 'openstack', 'id': 'i', 'monotonic_time': None}
            """, (await File.ReadAllLinesAsync($"{_folder}/python", TestContext.Current.CancellationToken))[1]);
    }

    [Fact]
    public async Task A_file_of_events_has_their_messages_unsigned()
    {
        var made = new TelemetryEvent("m", "x", InFlight.Start, [new("t", QueryValue.Of("v")), new("d", QueryValue.Instant(InFlight.Start))]);
        await Publisher($"file://{_folder}/json?json").PublishAsync([made], CancellationToken.None);
        await Publisher($"file://{_folder}/python").PublishAsync([made], CancellationToken.None);

        Assert.Equal(
            """{"message_id":"m","event_type":"x","generated":"2026-11-20T10:00:00","traits":[["t",1,"v"],["d",4,"2026-11-20T10:00:00"]],"raw":{}}""",
            Assert.Single(await File.ReadAllLinesAsync($"{_folder}/json", TestContext.Current.CancellationToken)));
        Assert.Equal(
            "{'message_id': 'm', 'event_type': 'x', 'generated': '2026-11-20T10:00:00', 'traits': [['t', 1, 'v'], ['d', 4, '2026-11-20T10:00:00']], 'raw': {}}",
            Assert.Single(await File.ReadAllLinesAsync($"{_folder}/python", TestContext.Current.CancellationToken)));
    }

    [Fact]
    public async Task A_file_is_rotated_before_it_would_grow_too_large()
    {
        var made = new TelemetryEvent("m", "x", InFlight.Start, []);
        var publisher = Publisher($"file://{_folder}/events?json&max_bytes=250&backup_count=2");
        for (var i = 0; i < 9; i++)
            await publisher.PublishAsync([made], CancellationToken.None);

        Assert.Equal(["events", "events.1", "events.2"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(_folder), f => Assert.InRange(new FileInfo(f).Length, 1, 250));
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_is_an_error() =>
        await Assert.ThrowsAsync<PublisherException>(() => Publisher($"file://{_folder}/none/x").PublishAsync([InFlight.Of()], CancellationToken.None));

    [Fact]
    public async Task The_test_publisher_keeps_the_last_items()
    {
        var publisher = (MemoryPublisher)Publisher("test://");
        await publisher.PublishAsync([.. Enumerable.Range(0, MemoryPublisher.Capacity + 1).Select(i => InFlight.Of(volume: i))], CancellationToken.None);

        Assert.Equal(MemoryPublisher.Capacity, publisher.Samples.Count);
        Assert.Equal(1, publisher.Samples[0].Volume);
    }

    private static PublisherUrl Url(string url) => PublisherUrl.Read(YamlValue.Parse("f", $"'{url}'"));

    private IPublisher Publisher(string url) =>
        new PublisherFactory(Secret, _bus, new ManualTime(new(2026, 11, 20, 10, 0, 0, TimeSpan.Zero)), "h").Create(Url(url))!;

    private sealed class Bus : INotificationSender
    {
        public List<(string Topic, byte[] Body)> Sent { get; } = [];
        public bool Down { get; set; }

        public Task SendAsync(string topic, string priority, ReadOnlyMemory<byte> body, BatchSignature? signature, CancellationToken ct)
        {
            if (Down)
                return Task.FromException(new PublisherException("The bus is down."));
            Sent.Add((topic, body.ToArray()));
            return Task.CompletedTask;
        }
    }
}
