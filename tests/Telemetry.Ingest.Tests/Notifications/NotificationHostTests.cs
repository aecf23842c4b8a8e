using Microsoft.Extensions.Options;
using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Tests.Pipelines;

namespace Telemetry.Ingest.Tests.Notifications;

/// <summary>The way of a message from the bus to the log, without a broker.</summary>
public sealed class NotificationHostTests : IDisposable
{
    private const string Rates = """
        {sources: [{name: all, meters: ['*'], sinks: [plain]}, {name: cpu, meters: [cpu], sinks: [rates]}],
         sinks: [{name: plain, publishers: [store]},
                 {name: rates, transformers: [{name: rate_of_change, parameters: {target: {name: cpu.rate, unit: ns/s, type: gauge}}}], publishers: [store]}]}
        """;

    private readonly TemporaryDirectory _data = new();
    private readonly InMemoryEventStore _log = new(TimeProvider.System);

    public void Dispose() => _data.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_broker_the_bus_within_the_process_carries_the_same_messages()
    {
        await using var host = await StartAsync();
        await host.SendAsync("notifications", "sample", "telemetry.polling", new { samples = NotificationHost.Messages(InFlight.Of()) });
        await host.SendAsync("notifications", "info", "image.upload", new { id = "i", size = 42 });
        await host.SendAsync("metering", "sample", "metering", NotificationHost.Messages(InFlight.Of("memory")));

        Assert.Equal(["cpu", "image.size", "memory"], (await SamplesAsync(3)).Select(s => s.Meter).Order());
    }

    [Fact]
    public async Task Telemetry_events_are_stored_beside_the_samples()
    {
        await using var host = await StartAsync();
        await host.SendAsync("notifications", "info", "image.upload", new { id = "i", size = 42 }, "m-1");

        await foreach (var stored in _log.SubscribeAsync(0, Ct))
        {
            if (stored.Type != TelemetryEventsRecorded.Name)
                continue;
            Assert.Equal(("m-1", "image.upload"), TelemetryEventsRecorded.Read(stored).Select(e => (e.MessageId, e.EventType)).Single());
            break;
        }
    }

    [Fact]
    public async Task Polled_samples_go_through_the_pipelines_and_finished_ones_do_not()
    {
        await using var host = await StartAsync(("Telemetry:Pipelines:Samples", await FileAsync(Rates)));
        await host.SendAsync("metering", "sample", "metering", NotificationHost.Messages(InFlight.Of(volume: 100, second: 0)));
        await PollAsync(host, 100, 0);
        await PollAsync(host, 300, 10);

        Assert.Equal([("cpu", 100.0), ("cpu", 100), ("cpu", 300), ("cpu.rate", 20)], (await SamplesAsync(4)).Select(s => (s.Meter, s.Volume)).Order());
    }

    [Fact]
    public async Task What_transformers_remember_is_saved_before_a_message_is_acknowledged_and_a_restart_goes_on_from_there()
    {
        var file = await FileAsync(Rates);
        await using (var host = await StartAsync(("Telemetry:Pipelines:Samples", file)))
        {
            await PollAsync(host, 100, 0);
            await SamplesAsync(1);
        }
        await using var after = await StartAsync(("Telemetry:Pipelines:Samples", file));
        await PollAsync(after, 300, 10);

        Assert.Contains(("cpu.rate", 20.0), (await SamplesAsync(3)).Select(s => (s.Meter, s.Volume)));
    }

    [Fact]
    public async Task A_sample_that_two_sinks_store_unchanged_is_one_sample()
    {
        await using var host = await StartAsync(("Telemetry:Pipelines:Samples", await FileAsync("""
            {sources: [{name: s, meters: ['*'], sinks: [a, b]}], sinks: [{name: a, publishers: [store]}, {name: b, publishers: [gnocchi://]}]}
            """)));
        await PollAsync(host, 1, 0);
        await PollAsync(host, 2, 1);

        Assert.Equal([1.0, 2], (await SamplesAsync(2)).Select(s => s.Volume));
    }

    [Fact]
    public async Task A_sink_that_stores_and_publishes_to_a_topic_that_is_stored_too_stops_the_start()
    {
        var file = await FileAsync("{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [store, 'notifier://']}]}");

        var stopped = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(("Telemetry:Pipelines:Samples", file)));

        Assert.Contains("all would count twice", stopped.Message, StringComparison.Ordinal);
        await using var host = await StartAsync(
            ("Telemetry:Pipelines:Samples", await FileAsync("{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [store, 'notifier://?topic=other']}]}")));
    }

    [Fact]
    public async Task A_wrong_file_stops_the_start()
    {
        var stopped = await Assert.ThrowsAsync<ConfigurationFileException>(async () => await StartAsync(("Telemetry:Notifications:EventDefinitions", await FileAsync("a: b"))));

        Assert.Equal(1, stopped.Line);
    }

    [Fact]
    public async Task A_sample_whose_metadata_is_too_large_is_left_out_and_the_others_are_kept()
    {
        await using var host = await StartAsync(("Telemetry:Ingest:Samples:MaxMetadataBytes", "100"));
        var large = InFlight.Of("large", metadata: $$"""{"a": "{{new string('x', 200)}}"}""");
        await host.SendAsync("notifications", "sample", "telemetry.polling", new { samples = NotificationHost.Messages(large, InFlight.Of("small")) });

        Assert.Equal(["small"], (await SamplesAsync(1)).Select(s => s.Meter));
    }

    private Task<NotificationHost> StartAsync(params (string, string)[] settings) => NotificationHost.StartAsync(_data.Path, _log, settings);

    private async Task<string> FileAsync(string text)
    {
        var file = _data.File($"{Guid.NewGuid()}.yaml");
        await File.WriteAllTextAsync(file, text, Ct);
        return file;
    }

    private static Task PollAsync(NotificationHost host, double volume, double second) => host.SendAsync(
        "notifications", "sample", "telemetry.polling", new { samples = NotificationHost.Messages(InFlight.Of(volume: volume, second: second)) });

    /// <summary>The first samples of the log, waited for.</summary>
    private async Task<List<(string Meter, double Volume)>> SamplesAsync(int count)
    {
        var samples = new List<(string, double)>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        await foreach (var stored in _log.SubscribeAsync(0, limit.Token))
        {
            if (stored.Body is EventBody.Samples { Batch: var batch })
                samples.AddRange(batch.Series.Select((s, i) => (s.Meter, batch.Volumes[i])));
            if (samples.Count >= count)
                break;
        }
        return samples;
    }
}
