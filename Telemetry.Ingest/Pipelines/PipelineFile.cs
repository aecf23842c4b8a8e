using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines.Transformers;

namespace Telemetry.Ingest.Pipelines;

/// <summary>What enters a pipeline: names of meters or types of events, and the sinks they go to.</summary>
internal sealed record PipelineSource(string Name, PatternList Patterns, IReadOnlyList<string> Sinks);

/// <summary>Where it goes: through transformers, to publishers.</summary>
/// <param name="Transformers">As the file has them: each reader of the definition makes its own.</param>
internal sealed record PipelineSink(string Name, IReadOnlyList<YamlValue> Transformers, IReadOnlyList<PublisherUrl> Publishers);

/// <summary>A <c>pipeline.yaml</c> or <c>event_pipeline.yaml</c>: sources and sinks.</summary>
/// <remarks>Sources: ceilometer/pipeline/ of the newest release, for transformers of 9.0.7.</remarks>
internal sealed record PipelineFile(IReadOnlyList<PipelineSource> Sources, IReadOnlyList<PipelineSink> Sinks)
{
    /// <summary>All meters or events to the store, unchanged.</summary>
    public static PipelineFile Default(string kind) => Read(
        "(default)", $"{{sources: [{{name: all, {kind}: ['*'], sinks: [store]}}], sinks: [{{name: store, publishers: [store]}}]}}", kind);

    /// <param name="kind">The key of a source's patterns: <c>meters</c> or <c>events</c>.</param>
    /// <exception cref="ConfigurationFileException">The file is wrong.</exception>
    public static PipelineFile Read(string file, string text, string kind)
    {
        var yaml = YamlValue.Parse(file, text);
        yaml.AllowOnly("sources", "sinks");
        var sinks = yaml.Required("sinks").Items().Select(s => (Yaml: s, Sink: ReadSink(s, kind))).ToList();
        RefuseRepeated("sink", sinks.Select(s => (s.Yaml, s.Sink.Name)));
        var sources = yaml.Required("sources").Items().Select(s => (Yaml: s, Source: ReadSource(s, kind))).ToList();
        RefuseRepeated("source", sources.Select(s => (s.Yaml, s.Source.Name)));
        foreach (var (at, source) in sources)
        {
            foreach (var unknown in source.Sinks.Where(name => sinks.TrueForAll(s => s.Sink.Name != name)))
                throw at.Error($"Source '{source.Name}' names sink '{unknown}', which does not exist.");
        }
        return new([.. sources.Select(s => s.Source)], [.. sinks.Select(s => s.Sink)]);
    }

    private static PipelineSource ReadSource(YamlValue yaml, string kind)
    {
        // The last three are of files written before polling.yaml was split off; they say nothing about pipelines.
        yaml.AllowOnly("name", kind, "sinks", "interval", "resources", "discovery");
        var sinks = yaml.Required("sinks").Items().Select(s => s.Text()).ToList();
        if (sinks.Distinct().Count() < sinks.Count)
            throw yaml.Error($"Source '{yaml.Required("name").Text()}' names a sink twice.");
        return new(yaml.Required("name").Text(), PatternList.ReadNames(yaml.Required(kind)), sinks);
    }

    private static PipelineSink ReadSink(YamlValue yaml, string kind)
    {
        yaml.AllowOnly("name", "transformers", "publishers");
        var transformers = yaml["transformers"]?.Items().ToList() ?? [];
        if (transformers.Count > 0 && kind == "events")
            throw yaml["transformers"]!.Error("Events cannot be transformed.");
        foreach (var transformer in transformers)
            Transformer.Read(transformer); // so that a wrong one is refused here
        var publishers = yaml.Required("publishers").Items().Select(p => ReadPublisher(p, kind)).ToList();
        return publishers.Count > 0
            ? new(yaml.Required("name").Text(), transformers, publishers)
            : throw yaml.Error($"Sink '{yaml.Required("name").Text()}' has no publishers.");
    }

    private static PublisherUrl ReadPublisher(YamlValue yaml, string kind)
    {
        var publisher = PublisherUrl.Read(yaml);
        return kind == "events" && publisher.Kind is PublisherKind.Udp or PublisherKind.Tcp or PublisherKind.Prometheus or PublisherKind.OpenTelemetryHttp
            ? throw yaml.Error($"Publisher '{publisher.Url.Scheme}' takes samples only.")
            : publisher;
    }

    private static void RefuseRepeated(string what, IEnumerable<(YamlValue Yaml, string Name)> entries)
    {
        var seen = new HashSet<string>();
        foreach (var (yaml, name) in entries)
        {
            if (!seen.Add(name))
                throw yaml.Error($"There are two {what}s named '{name}'.");
        }
    }
}
