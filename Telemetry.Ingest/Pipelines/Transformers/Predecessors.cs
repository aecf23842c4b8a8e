using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>What a meter showed on a resource before.</summary>
internal readonly record struct Predecessor(double Volume, long Timestamp, double? MonotonicTime);

/// <summary>Remembers the sample before for each meter and resource.</summary>
internal sealed class Predecessors(int capacity = Transformer.MaxRemembered)
{
    // Two generations: what is not seen while the young one fills is forgotten when they change.
    private Dictionary<(string Meter, string Resource), Predecessor> _young = [];
    private Dictionary<(string Meter, string Resource), Predecessor> _old = [];

    /// <summary>Puts a sample in the place of the one before, which it gives; null for the first one. An older sample changes nothing.</summary>
    /// <param name="outOfOrder">Whether the sample is older than the one before.</param>
    public Predecessor? Exchange(SampleInFlight sample, out bool outOfOrder)
    {
        var key = (sample.Series.Meter, sample.Series.ResourceId);
        var known = _young.TryGetValue(key, out var before) || _old.TryGetValue(key, out before);
        outOfOrder = known && SecondsSince(before, sample) < 0;
        if (!outOfOrder)
            Keep(key, new(sample.Volume, sample.Timestamp, sample.MonotonicTime));
        return known ? before : null;
    }

    /// <summary>By the sending host's monotonic clock where both have its time, else by their timestamps.</summary>
    public static double SecondsSince(Predecessor before, SampleInFlight sample) =>
        sample.MonotonicTime is { } now && before.MonotonicTime is { } then ? now - then : (sample.Timestamp - before.Timestamp) / 1e6;

    public void Save(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var ((meter, resource), before) in _young.Concat(_old.Where(o => !_young.ContainsKey(o.Key))))
        {
            writer.WriteStartArray();
            writer.WriteStringValue(meter);
            writer.WriteStringValue(resource);
            writer.WriteNumberValue(before.Volume);
            writer.WriteNumberValue(before.Timestamp);
            if (before.MonotonicTime is { } monotonic)
                writer.WriteNumberValue(monotonic);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
    }

    public void Restore(JsonElement state)
    {
        foreach (var s in state.EnumerateArray())
            Keep((s[0].GetString()!, s[1].GetString()!), new(s[2].GetDouble(), s[3].GetInt64(), s.GetArrayLength() > 4 ? s[4].GetDouble() : null));
    }

    private void Keep((string, string) key, Predecessor sample)
    {
        _young[key] = sample;
        if (_young.Count < capacity / 2)
            return;
        (_old, _young) = (_young, []);
    }
}
