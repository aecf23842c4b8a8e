using Microsoft.Extensions.Logging;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Tests.Pipelines.Publishers;

public sealed class PipelinePublishersTests
{
    private readonly Recorder _log = new();

    [Fact]
    public async Task What_one_publisher_fails_to_send_the_others_send_and_the_log_says()
    {
        var pipelines = SamplePipelines.Read("f", "{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: ['http://u:secret@127.0.0.1:1/?max_retries=0', notifier, store, test]}]}");
        using var publishers = Publishers(pipelines.Publishers);
        var published = Assert.Single(pipelines.Process([InFlight.Of()], DateTimeOffset.UnixEpoch));
        await publishers.PublishAsync(published, TestContext.Current.CancellationToken);

        Assert.True(published.GoToStore);
        Assert.Single(((MemoryPublisher)publishers.Find(published.Publishers[3])!).Samples);
        Assert.Null(publishers.Find(published.Publishers[2]));
        Assert.Equal(2, _log.Messages.Count);
        Assert.Contains("notifier", _log.Messages[0], StringComparison.Ordinal);
        Assert.Contains("1 items of sink k were not published to http://127.0.0.1:1/", _log.Messages[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_and_events_may_share_a_publisher()
    {
        var pipelines = EventPipelines.Read("f", "{sources: [{name: s, events: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [test]}]}");
        using var publishers = Publishers(pipelines.Publishers.Concat(SamplePipelines.Read("f", "{sources: [{name: s, meters: ['*'], sinks: [k]}], sinks: [{name: k, publishers: [test]}]}").Publishers));
        await publishers.PublishAsync(Assert.Single(pipelines.Process([new TelemetryEvent("m", "x", 0, [])])), TestContext.Current.CancellationToken);

        Assert.Single(((MemoryPublisher)publishers.Find(pipelines.Publishers.Single())!).Events);
        Assert.Empty(_log.Messages);
    }

    private PipelinePublishers Publishers(IEnumerable<PublisherUrl> urls) => new(urls, new PublisherFactory(SigningSecrets.None, null, TimeProvider.System, "h"), _log);

    private sealed class Recorder : ILogger<PipelinePublishers>
    {
        public List<string> Messages { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Messages.Add(formatter(state, exception));
    }
}
