using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>Calculates a meter of several others on the same resource; the others are swallowed.</summary>
/// <remarks>
/// In the formula <c>$(meter)</c> is a meter's volume, <c>$(meter).field</c> another field of its sample. A result follows at the end of
/// the batch that completes a resource; the meter that is named first gives it all that the target does not name, the last sample
/// seen its timestamp.
/// </remarks>
internal sealed class Arithmetic : Transformer
{
    private readonly Expression _formula;
    private readonly IReadOnlyList<string> _meters;
    private readonly string? _name;
    private readonly string? _unit;
    private readonly SampleType? _type;
    private readonly OrderedDictionary<string, Dictionary<string, SampleInFlight>> _resources = [];
    private readonly HashSet<string> _touched = []; // in this batch
    private long _lastAt;

    private Arithmetic(YamlValue parameters)
    {
        parameters.AllowOnly("target");
        var target = parameters.Required("target");
        target.AllowOnly("name", "unit", "type", "expr");
        var expr = target.Required("expr");
        try
        {
            _formula = Expression.Parse(expr.Text());
        }
        catch (ExpressionException e)
        {
            throw expr.Error(e.Message, e);
        }
        foreach (var name in _formula.Names)
        {
            if (!name.StartsWith('$') || (Field(name) is { } field && !SampleScope.Knows(field)))
                throw expr.Error($"A formula cannot use '{name}'; it can use $(METER) and $(METER).FIELD.");
        }
        _meters = [.. _formula.Names.Select(Meter).Distinct()];
        if (_meters.Count == 0)
            throw expr.Error("The formula names no meter; one is written $(METER).");
        _name = target["name"]?.Text();
        _unit = target["unit"]?.Text();
        _type = Conversion.ReadType(target["type"]);
    }

    public static Arithmetic Of(YamlValue parameters) => new(parameters);

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        _lastAt = sample.Timestamp;
        if (!_meters.Contains(sample.Series.Meter))
            return null;
        if (!_resources.TryGetValue(sample.Series.ResourceId, out var samples))
        {
            if (_resources.Count >= MaxRemembered)
                _resources.RemoveAt(0);
            _resources[sample.Series.ResourceId] = samples = [];
        }
        samples[sample.Series.Meter] = sample;
        _touched.Add(sample.Series.ResourceId);
        return null;
    }

    public override IReadOnlyList<SampleInFlight> Flush(DateTimeOffset now, Action<string> warn)
    {
        var results = new List<SampleInFlight>();
        foreach (var resource in _touched)
        {
            if (!_resources.TryGetValue(resource, out var samples) || samples.Count < _meters.Count)
                continue;
            _resources.Remove(resource);
            try
            {
                results.Add(Result(samples));
            }
            catch (ExpressionException e)
            {
                warn($"arithmetic gives no {_name ?? _meters[0]} of '{resource}': {e.Message}");
            }
        }
        _touched.Clear();
        return results;
    }

    public override void Save(Utf8JsonWriter writer)
    {
        writer.WriteStartArray();
        foreach (var sample in _resources.Values.SelectMany(r => r.Values))
            SampleState.Write(writer, sample);
        writer.WriteEndArray();
    }

    public override void Restore(JsonElement state)
    {
        foreach (var sample in state.EnumerateArray())
            Handle(SampleState.Read(sample), static _ => { });
    }

    private SampleInFlight Result(Dictionary<string, SampleInFlight> samples)
    {
        var volume = _formula.Number(name => SampleScope.Value(samples[Meter(name)], Field(name) ?? "volume"));
        var first = samples[_meters[0]];
        var s = first.Series;
        return first with
        {
            Series = new(_name ?? s.Meter, _type ?? s.Type, _unit ?? s.Unit, s.ResourceId, s.ProjectId, s.UserId, s.Source),
            Volume = volume,
            Timestamp = _lastAt,
            MessageId = null,
            Signature = null,
        };
    }

    private static string Meter(string name) => name[2..name.IndexOf(')')];

    private static string? Field(string name) => name.IndexOf(')') is var end && end + 1 < name.Length ? name[(end + 2)..] : null;
}
