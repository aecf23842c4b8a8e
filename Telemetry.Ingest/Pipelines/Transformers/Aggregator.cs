using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>Makes one sample of many: deltas are summed, gauges averaged, of cumulative volumes the last one counts.</summary>
/// <remarks>
/// Samples belong together by meter and resource, and by project and user where no policy says which of them is kept. All are
/// released when there are <c>size</c> of them, or <c>retention_time</c> seconds after the timestamp of the first.
/// </remarks>
internal sealed class Aggregator : Transformer
{
    private readonly Conversion _conversion;
    private readonly long? _size;
    private readonly double? _retentionSeconds;
    private readonly string? _project;
    private readonly string? _user;
    private readonly string _metadata;
    private readonly string _timestamp;

    private readonly OrderedDictionary<(string, string, string?, string?), Group> _groups = [];
    private long _count;
    private long? _firstAt;

    private Aggregator(YamlValue parameters)
    {
        parameters.AllowOnly("size", "retention_time", "project_id", "user_id", "resource_metadata", "timestamp", "source", "target");
        _conversion = Conversion.Read(parameters);
        _retentionSeconds = parameters["retention_time"]?.Number();
        // A size of 1 unless the file says null, and even then if nothing else would ever release a sample.
        var size = parameters.Entries().GetValueOrDefault("size");
        _size = size is null ? 1 : size.IsNull ? _retentionSeconds is null ? 1 : null : size.Integer();
        _project = Policy(parameters["project_id"], "first", "last");
        _user = Policy(parameters["user_id"], "first", "last");
        _metadata = Policy(parameters["resource_metadata"], "first", "last", "drop") ?? "last";
        _timestamp = Policy(parameters["timestamp"], "first", "last") ?? "first";
    }

    public static Aggregator Of(YamlValue parameters) => new(parameters);

    public override SampleInFlight? Handle(SampleInFlight sample, Action<string> warn)
    {
        try
        {
            Add(sample, _conversion.Apply(sample, _conversion.Scale(sample)));
        }
        catch (ExpressionException e)
        {
            warn($"aggregator drops a sample of {sample.Series}: {e.Message}");
        }
        return null;
    }

    public override IReadOnlyList<SampleInFlight> Flush(DateTimeOffset now, Action<string> warn)
    {
        var expired = _firstAt is { } first && _retentionSeconds is { } seconds && UnixMicroseconds.From(now) - first > seconds * 1e6;
        if (_groups.Count == 0 || !(expired || _count >= _size || _groups.Count >= MaxRemembered))
            return [];
        SampleInFlight[] released = [.. _groups.Values.Select(Released)];
        _groups.Clear();
        (_count, _firstAt) = (0, null);
        return released;
    }

    public override void Save(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("count", _count);
        if (_firstAt is { } first)
            writer.WriteNumber("first_at", first);
        writer.WriteStartArray("groups");
        foreach (var ((meter, resource, project, user), group) in _groups)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(meter);
            writer.WriteStringValue(resource);
            writer.WriteStringValue(project);
            writer.WriteStringValue(user);
            writer.WriteNumberValue(group.Count);
            SampleState.Write(writer, group.Sample);
            writer.WriteEndArray();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public override void Restore(JsonElement state)
    {
        _count = state.GetProperty("count").GetInt64();
        _firstAt = state.TryGetProperty("first_at", out var first) ? first.GetInt64() : null;
        foreach (var g in state.GetProperty("groups").EnumerateArray())
            _groups[(g[0].GetString()!, g[1].GetString()!, g[2].GetString(), g[3].GetString())] = new(SampleState.Read(g[5])) { Count = g[4].GetInt64() };
    }

    private void Add(SampleInFlight sample, SampleInFlight converted)
    {
        _firstAt ??= sample.Timestamp;
        _count++;
        var s = sample.Series;
        var key = (s.Meter, s.ResourceId, _project is null ? s.ProjectId : null, _user is null ? s.UserId : null);
        if (!_groups.TryGetValue(key, out var group))
            _groups[key] = new(_metadata == "drop" ? converted with { Metadata = Metadata.Empty } : converted) { Count = 1 };
        else
            group.Add(converted, s.Type == SampleType.Cumulative, this);
    }

    private static SampleInFlight Released(Group group) => group.Sample.Series.Type == SampleType.Gauge
        ? group.Sample with { Volume = group.Sample.Volume / group.Count }
        : group.Sample;

    private static string? Policy(YamlValue? yaml, params string[] known) => yaml is null ? null : known.Contains(yaml.Text())
        ? yaml.Text()
        : throw yaml.Error($"'{yaml.Text()}' is none of {string.Join(", ", known)}.");

    private sealed class Group(SampleInFlight first)
    {
        public SampleInFlight Sample { get; private set; } = first;
        public long Count { get; set; }

        public void Add(SampleInFlight next, bool cumulative, Aggregator policies)
        {
            Count++;
            var s = Sample.Series;
            var project = policies._project == "last" ? next.Series.ProjectId : s.ProjectId;
            var user = policies._user == "last" ? next.Series.UserId : s.UserId;
            Sample = Sample with
            {
                Volume = cumulative ? next.Volume : Sample.Volume + next.Volume,
                Timestamp = policies._timestamp == "last" ? next.Timestamp : Sample.Timestamp,
                Metadata = policies._metadata == "last" ? next.Metadata : Sample.Metadata,
                Series = project == s.ProjectId && user == s.UserId ? s : new(s.Meter, s.Type, s.Unit, s.ResourceId, project, user, s.Source),
            };
        }
    }
}
