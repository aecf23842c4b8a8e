using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>Holds samples until there are enough, then releases all; below a size of 1 it lets them pass.</summary>
internal sealed class Accumulator(long size) : Transformer
{
    private readonly List<SampleInFlight> _held = [];

    public static Accumulator Of(YamlValue parameters)
    {
        parameters.AllowOnly("size");
        var size = parameters["size"];
        return size?.Integer() is > MaxRemembered
            ? throw size.Error($"An accumulator holds at most {MaxRemembered} samples.")
            : new(size?.Integer() ?? 1);
    }

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        if (size < 1)
            return sample;
        _held.Add(sample);
        return null;
    }

    public override IReadOnlyList<SampleInFlight> Flush(DateTimeOffset now, Action<string> warn)
    {
        if (_held.Count < size)
            return [];
        SampleInFlight[] released = [.. _held];
        _held.Clear();
        return released;
    }

    public override void Save(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var sample in _held)
            SampleState.Write(writer, sample);
        writer.WriteEndArray();
    }

    public override void Restore(JsonElement state) => _held.AddRange(state.EnumerateArray().Select(SampleState.Read));
}
