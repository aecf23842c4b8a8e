using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Pipelines.Transformers;

namespace Telemetry.Ingest.Pipelines;

/// <summary>What a sink gives to its publishers.</summary>
public sealed record PublishedSamples(string Sink, IReadOnlyList<PublisherUrl> Publishers, IReadOnlyList<SampleInFlight> Samples)
{
    /// <summary>Whether they are to be stored here, be it beside other places.</summary>
    public bool GoToStore => Publishers.Any(p => p.Kind == PublisherKind.Store);
}

/// <summary>Leads samples through the sources, transformers and publishers of a <c>pipeline.yaml</c>. Safe for use by many threads.</summary>
public sealed class SamplePipelines
{
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<PipelineSource> _sources;
    private readonly IReadOnlyList<Sink> _sinks;

    private SamplePipelines(PipelineFile file)
    {
        _sources = file.Sources;
        _sinks = [.. file.Sinks.Select(s => new Sink(s))];
    }

    /// <summary>All samples to the store, unchanged.</summary>
    public static SamplePipelines Default() => new(PipelineFile.Default("meters")) { StoresAll = true };

    /// <exception cref="ConfigurationFileException">The file is wrong.</exception>
    public static SamplePipelines Read(string file, string text) => new(PipelineFile.Read(file, text, "meters"));

    /// <summary>All places that samples may go to.</summary>
    public IEnumerable<PublisherUrl> Publishers => _sinks.SelectMany(s => s.Definition.Publishers);

    /// <summary>The same, sink by sink.</summary>
    internal IEnumerable<(string Sink, IReadOnlyList<PublisherUrl> Publishers)> PublishersBySink => _sinks.Select(s => (s.Definition.Name, s.Definition.Publishers));

    /// <summary>Whether every sample is stored unchanged, and nothing else is done.</summary>
    public bool StoresAll { get; private init; }

    /// <summary>Whether there is a state that must survive a restart.</summary>
    public bool Remembers => _sinks.Any(s => s.Transformers.Length > 0);

    /// <summary>Leads a batch through; a sample goes to a sink once for every source that chooses it.</summary>
    /// <param name="now">For transformers that hold samples for a time.</param>
    /// <param name="warn">Told of every sample that is dropped, and why.</param>
    /// <returns>Per sink what is to be published now; sinks without any are left out. An empty batch only releases what is due.</returns>
    public IReadOnlyList<PublishedSamples> Process(IReadOnlyList<SampleInFlight> samples, DateTimeOffset now, Action<string>? warn = null)
    {
        warn ??= static _ => { };
        lock (_lock)
        {
            foreach (var source in _sources)
            {
                var chosen = samples.Where(s => source.Patterns.Matches(s.Series.Meter)).ToList();
                foreach (var sink in _sinks.Where(s => source.Sinks.Contains(s.Definition.Name)))
                    sink.Take(chosen, warn);
            }
            foreach (var sink in _sinks)
                sink.Flush(now, warn);
            return [.. _sinks.Select(s => new PublishedSamples(s.Definition.Name, s.Definition.Publishers, s.Release())).Where(p => p.Samples.Count > 0)];
        }
    }

    /// <summary>What the transformers remember, as JSON.</summary>
    public byte[] Save()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            lock (_lock)
            {
                writer.WriteStartObject();
                foreach (var sink in _sinks)
                    sink.Save(writer);
                writer.WriteEndObject();
            }
        }
        return buffer.ToArray();
    }

    /// <summary>Takes up what <see cref="Save"/> gave; a sink whose transformers have changed since then starts anew.</summary>
    /// <exception cref="JsonException">It is no saved state.</exception>
    public void Restore(ReadOnlyMemory<byte> state)
    {
        using var json = JsonDocument.Parse(state);
        try
        {
            lock (_lock)
            {
                foreach (var sink in _sinks)
                    sink.Restore(json.RootElement);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or IndexOutOfRangeException or FormatException or ArgumentException)
        {
            throw new JsonException($"It is no state of pipelines: {e.Message}", e);
        }
    }

    private sealed class Sink(PipelineSink definition)
    {
        private readonly string _shape = string.Join('|', definition.Transformers.Select(t => t.ToJson()));
        private List<SampleInFlight> _published = [];

        public PipelineSink Definition => definition;
        public Transformer[] Transformers { get; private set; } = [.. definition.Transformers.Select(Transformer.Read)];

        public void Take(IEnumerable<SampleInFlight> samples, Action<string> warn) => Lead(samples, 0, warn);

        // What a transformer releases goes on through those behind it, before they are flushed in turn.
        public void Flush(DateTimeOffset now, Action<string> warn)
        {
            for (var i = 0; i < Transformers.Length; i++)
                Lead(Transformers[i].Flush(now, warn), i + 1, warn);
        }

        public List<SampleInFlight> Release()
        {
            var released = _published;
            _published = [];
            return released;
        }

        public void Save(Utf8JsonWriter writer)
        {
            writer.WriteStartObject(definition.Name);
            writer.WriteString("transformers", _shape);
            writer.WriteStartArray("states");
            foreach (var transformer in Transformers)
                transformer.Save(writer);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        public void Restore(JsonElement state)
        {
            if (!state.TryGetProperty(definition.Name, out var saved) || saved.GetProperty("transformers").GetString() != _shape)
                return;
            Transformer[] restored = [.. definition.Transformers.Select(Transformer.Read)];
            foreach (var (transformer, s) in restored.Zip(saved.GetProperty("states").EnumerateArray()))
            {
                if (s.ValueKind != JsonValueKind.Null)
                    transformer.Restore(s);
            }
            Transformers = restored;
        }

        private void Lead(IEnumerable<SampleInFlight> samples, int from, Action<string> warn)
        {
            foreach (var sample in samples)
            {
                var current = sample;
                for (var i = from; i < Transformers.Length && current is not null; i++)
                    current = Transformers[i].Handle(current, warn);
                if (current is not null)
                    _published.Add(current);
            }
        }
    }
}
