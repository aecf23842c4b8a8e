using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines;

/// <summary>What a sink gives to its publishers.</summary>
public sealed record PublishedEvents(string Sink, IReadOnlyList<PublisherUrl> Publishers, IReadOnlyList<TelemetryEvent> Events)
{
    /// <summary>Whether they are to be stored here, be it beside other places.</summary>
    public bool GoToStore => Publishers.Any(p => p.Kind == PublisherKind.Store);
}

/// <summary>Leads telemetry events from the sources to the publishers of an <c>event_pipeline.yaml</c>. Safe for use by many threads.</summary>
public sealed class EventPipelines
{
    private readonly PipelineFile _file;

    private EventPipelines(PipelineFile file) => _file = file;

    /// <summary>All events to the store.</summary>
    public static EventPipelines Default() => new(PipelineFile.Default("events"));

    /// <exception cref="ConfigurationFileException">The file is wrong.</exception>
    public static EventPipelines Read(string file, string text) => new(PipelineFile.Read(file, text, "events"));

    /// <summary>All places that events may go to.</summary>
    public IEnumerable<PublisherUrl> Publishers => _file.Sinks.SelectMany(s => s.Publishers);

    /// <summary>The same, sink by sink.</summary>
    internal IEnumerable<(string Sink, IReadOnlyList<PublisherUrl> Publishers)> PublishersBySink => _file.Sinks.Select(s => (s.Name, s.Publishers));

    /// <returns>Per source and sink what is to be published; those without any are left out.</returns>
    public IReadOnlyList<PublishedEvents> Process(IReadOnlyList<TelemetryEvent> events) =>
    [
        .. from source in _file.Sources
           let chosen = events.Where(e => source.Patterns.Matches(e.EventType)).ToList()
           where chosen.Count > 0
           from sink in _file.Sinks
           where source.Sinks.Contains(sink.Name)
           select new PublishedEvents(sink.Name, sink.Publishers, chosen),
    ];
}
