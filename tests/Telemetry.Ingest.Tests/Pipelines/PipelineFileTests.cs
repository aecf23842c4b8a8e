using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines;

namespace Telemetry.Ingest.Tests.Pipelines;

public sealed class PipelineFileTests
{
    private const string Sink = "sinks: [{name: k, publishers: [test]}]";

    [Fact]
    public void Samples_go_to_the_sinks_of_every_source_that_chooses_them()
    {
        var pipelines = SamplePipelines.Read("pipeline.yaml", """
            sources:
              - {name: cpu, interval: 600, meters: [cpu], sinks: [rates, plain]}
              - {name: rest, meters: ["!cpu"], sinks: [plain]}
              - {name: again, meters: ["c*"], sinks: [plain]}
            sinks:
              - {name: plain, publishers: ["notifier://?topic=a&topic=b&policy=drop&policy=queue&json", gnocchi]}
              - {name: rates, transformers: [{name: rate_of_change}], publishers: ["udp://10.0.0.1:4952"]}
            """);

        var published = Assert.Single(pipelines.Process([InFlight.Of(), InFlight.Of("memory")], DateTimeOffset.UnixEpoch));

        Assert.Equal("plain", published.Sink);
        Assert.Equal(["cpu", "memory", "cpu"], published.Samples.Select(s => s.Series.Meter));
        Assert.Equal([PublisherKind.Notifier, PublisherKind.Store, PublisherKind.Udp], pipelines.Publishers.Select(p => p.Kind));
        var notifier = pipelines.Publishers.First();
        Assert.Equal((IReadOnlyList<string>)["a", "b"], notifier.Options("topic"));
        Assert.Equal("queue", notifier.Option("policy"));
        Assert.Equal("", notifier.Option("json"));
        Assert.Null(notifier.Option("driver"));
    }

    [Fact]
    public void Events_go_to_their_sinks_unchanged()
    {
        var pipelines = EventPipelines.Read("event_pipeline.yaml", """
            {sources: [{name: s, events: ["compute.*"], sinks: [k]}], sinks: [{name: k, publishers: ["https://user:secret@audit.example.org/events?raw_only=1", "file:///var/log/events"]}]}
            """);
        TelemetryEvent Event(string type) => new("m", type, 0, []);

        var published = Assert.Single(pipelines.Process([Event("compute.instance.exists"), Event("image.update")]));

        Assert.Equal("compute.instance.exists", Assert.Single(published.Events).EventType);
        Assert.Empty(pipelines.Process([Event("image.update")]));
        Assert.DoesNotContain("secret", pipelines.Publishers.First().ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("store", PublisherKind.Store)]
    [InlineData("gnocchi", PublisherKind.Store)]
    [InlineData("gnocchi://?archive_policy=low&filter_project=service", PublisherKind.Store)]
    [InlineData("database://", PublisherKind.Store)]
    [InlineData("direct://?dispatcher=database", PublisherKind.Store)]
    [InlineData("notifier://host:5672?topic=t&driver=rabbit", PublisherKind.Notifier)]
    [InlineData("http://h", PublisherKind.Http)]
    [InlineData("https://h", PublisherKind.Http)]
    [InlineData("file:///f", PublisherKind.File)]
    [InlineData("test", PublisherKind.Test)]
    [InlineData("udp://h", PublisherKind.Udp, false)]
    [InlineData("tcp://h", PublisherKind.Tcp, false)]
    [InlineData("prometheus://h/metrics/job/j", PublisherKind.Prometheus, false)]
    [InlineData("opentelemetryhttp://h/v1/metrics", PublisherKind.OpenTelemetryHttp, false)]
    public void A_publisher_is_named_by_its_scheme_for_samples_and_where_it_takes_them_for_events(string url, PublisherKind kind, bool takesEvents = true)
    {
        var sinks = $"sinks: [{{name: k, publishers: ['{url}']}}]";

        Assert.Equal(kind, Assert.Single(SamplePipelines.Read("f", $"sources: []\n{sinks}").Publishers).Kind);
        if (takesEvents)
            Assert.Equal(kind, Assert.Single(EventPipelines.Read("f", $"sources: []\n{sinks}").Publishers).Kind);
    }

    [Theory]
    [InlineData("['*']", "cpu disk.read disk.write memory")]
    [InlineData("[cpu]", "cpu")]
    [InlineData("[cpu, 'disk.*']", "cpu disk.read disk.write")]
    [InlineData("['*.read', mem?ry]", "disk.read memory")]
    [InlineData("['[cd]*']", "cpu disk.read disk.write")]
    [InlineData("['!cpu']", "disk.read disk.write memory")]
    [InlineData("['!disk.*']", "cpu memory")]
    [InlineData("['!disk.*', '!cpu']", "memory")]
    [InlineData("['*', '!disk.*']", "cpu memory")]
    [InlineData("['!*']", "")]
    [InlineData("[CPU]", "")]
    public void A_source_chooses_meters_by_names_wildcards_and_negations(string meters, string chosen)
    {
        var pipelines = SamplePipelines.Read("f", $"{Sink}\nsources: [{{name: s, meters: {meters}, sinks: [k]}}]");
        var samples = ((string[])["cpu", "disk.read", "disk.write", "memory"]).Select(m => InFlight.Of(m)).ToList();

        Assert.Equal(chosen, string.Join(' ', pipelines.Process(samples, DateTimeOffset.UnixEpoch).SelectMany(p => p.Samples).Select(s => s.Series.Meter)));
    }

    [Fact]
    public void Without_a_file_everything_goes_to_the_store()
    {
        Assert.Equal(PublisherKind.Store, Assert.Single(SamplePipelines.Default().Publishers).Kind);
        Assert.Equal(PublisherKind.Store, Assert.Single(EventPipelines.Default().Publishers).Kind);
        Assert.False(SamplePipelines.Default().Remembers);
    }

    [Theory]
    [InlineData("sources: []", "f:1: 'sinks' is missing.")]
    [InlineData(Sink, "f:1: 'sources' is missing.")]
    [InlineData(Sink + "\nsources: [{name: s, sinks: [k]}]", "f:2: 'meters' is missing.")]
    [InlineData(Sink + "\nsources: [{meters: ['*'], sinks: [k]}]", "f:2: 'name' is missing.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: ['*'], sinks: [x]}]", "f:2: Source 's' names sink 'x', which does not exist.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: ['*'], sinks: [k, k]}]", "f:2: Source 's' names a sink twice.")]
    [InlineData(Sink + "\nsources:\n- {name: s, meters: ['*'], sinks: [k]}\n- {name: s, meters: ['*'], sinks: [k]}", "f:4: There are two sources named 's'.")]
    [InlineData("sources: []\nsinks:\n- {name: k, publishers: [test]}\n- {name: k, publishers: [test]}", "f:4: There are two sinks named 'k'.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: [], sinks: [k]}]", "f:2: The list of patterns is empty.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: cpu, sinks: [k]}]", "f:2: A list is expected here.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: [cpu, '!disk'], sinks: [k]}]", "f:2: Names to include and names to exclude stand together: cpu, !disk.")]
    [InlineData(Sink + "\nsources: [{name: s, meters: [cpu, '*'], sinks: [k]}]", "f:2: '*' stands together with other names: cpu, *.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: []}]", "f:2: Sink 'k' has no publishers.")]
    [InlineData("sources: []\nsinks: [{name: k}]", "f:2: 'publishers' is missing.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['kafka://h']}]", "f:2: Publisher 'kafka' is not supported; take notifier, http or file instead.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['zaqar://?queue=q']}]", "f:2: Publisher 'zaqar' is not supported")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['http_alt://h']}]", "f:2: Publisher 'http_alt' is not supported; take http instead.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [file_alt]}]", "f:2: Publisher 'file_alt' is not supported; take file instead.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [smtp]}]", "f:2: There is no publisher 'smtp'")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [udp]}]", "f:2: 'udp' names no host.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [file]}]", "f:2: 'file' names no file")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['udp://a b']}]", "f:2: 'udp://a b' is no URL.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: magic}]}]", "f:2: There is no transformer 'magic'")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: delta, parameters: {growth: 1}}]}]", "f:2: 'growth' is not known here")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: accumulator, parameters: {size: many}}]}]", "f:2: 'many' is no integer.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: aggregator, parameters: {user_id: middle}}]}]", "f:2: 'middle' is none of first, last.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: arithmetic, parameters: {target: {expr: '1 + 1'}}}]}]", "f:2: The formula names no meter")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: arithmetic, parameters: {target: {expr: 'volume * $(a)'}}}]}]", "f:2: A formula cannot use 'volume'")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: arithmetic}]}]", "f:2: 'target' is missing.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: rate_of_change, parameters: {target: {scale: 'volum'}}}]}]", "f:2: A scale cannot use 'volum'")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: rate_of_change, parameters: {target: {scale: resource_metadata}}}]}]", "f:2: A scale cannot use 'resource_metadata'; it can use name, type")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: rate_of_change, parameters: {target: {scale: '1 +'}}}]}]", "f:2: '1 +' ends where more is expected.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: rate_of_change, parameters: {target: {type: speed}}}]}]", "f:2: 'speed' is no type")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: delta, parameters: {source: {map_from: {name: '('}}, target: {map_to: {name: x}}}}]}]", "f:2: '(' is no regular expression")]
    public void A_wrong_pipeline_file_is_refused_with_file_line_and_reason(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<ConfigurationFileException>(() => SamplePipelines.Read("f", text)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['udp://h']}]", "f:2: Publisher 'udp' takes samples only.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['tcp://h']}]", "f:2: Publisher 'tcp' takes samples only.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['prometheus://h/metrics/job/j']}]", "f:2: Publisher 'prometheus' takes samples only.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: ['opentelemetryhttp://h/v1/metrics']}]", "f:2: Publisher 'opentelemetryhttp' takes samples only.")]
    [InlineData("sources: []\nsinks: [{name: k, publishers: [test], transformers: [{name: delta}]}]", "f:2: Events cannot be transformed.")]
    public void A_wrong_event_pipeline_file_is_refused(string text, string message) =>
        Assert.StartsWith(message, Assert.Throws<ConfigurationFileException>(() => EventPipelines.Read("f", text)).Message, StringComparison.Ordinal);
}
