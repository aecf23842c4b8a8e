using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>Asks a condition of the samples of a block, with as little decoding as it needs.</summary>
/// <remarks>A condition on metadata is judged once a version. Only what the log alone knows is looked up for each sample.</remarks>
internal sealed class RowFilter
{
    private const int MaxVersions = 10_000;

    private readonly Predicate _condition;
    private readonly QueryRun _run;
    private readonly Dictionary<int, Predicate> _byVersion = [];
    private readonly bool _usesMetadata;

    public RowFilter(Predicate condition, QueryRun run)
    {
        (_condition, _run) = (condition, run);
        foreach (var leaf in condition.Leaves())
        {
            var field = Predicate.FieldOf(leaf);
            _usesMetadata |= field.IsMetadata;
            UsesEvent |= SampleRow.IsOfEvent(field);
            if (field == Field.Volume)
                Columns |= PointColumns.Volumes;
        }
        if (_usesMetadata)
            Columns |= PointColumns.Metadata;
        if (UsesEvent)
            Columns = PointColumns.All;
    }

    /// <summary>What has to be decoded, beside the times.</summary>
    public PointColumns Columns { get; } = PointColumns.Times;

    /// <summary>Whether samples have to be completed from the log.</summary>
    public bool UsesEvent { get; }

    public bool SelectsAll => _condition is Predicate.Constant { Value: true };

    /// <summary>The samples of a block that lie in the range and meet the condition, as spans of indexes, ascending and apart.</summary>
    public async ValueTask SelectAsync(SeriesKey key, Points points, TimeRange range, List<(int From, int To)> into)
    {
        if (!UsesEvent)
        {
            Select(key, points, range, into);
            return;
        }
        into.Clear();
        var (from, to) = points.Within(range);
        for (var i = from; i < to; i++)
        {
            // The points are this run's own: nothing decodes into them while the log is asked.
            var sample = await _run.SampleAsync(key, points.Times[i], points.Volumes[i], points.Origins[i], points.Metadata[i]);
            if (_condition.Selects(new SampleRow(sample)))
                Extend(into, i, i + 1);
        }
    }

    /// <summary>The same without the log; only where <see cref="UsesEvent"/> is false.</summary>
    public void Select(SeriesKey key, Points points, TimeRange range, List<(int From, int To)> into)
    {
        into.Clear();
        var (from, to) = points.Within(range);
        if (from == to)
            return;
        if (SelectsAll)
        {
            into.Add((from, to));
            return;
        }
        while (from < to)
        {
            var end = _usesMetadata ? EndOfRun(points, from, to) : to;
            var condition = _usesMetadata ? OfVersion(points.Metadata[from]) : _condition;
            if (condition is Predicate.Constant constant)
            {
                if (constant.Value == true)
                    Extend(into, from, end);
            }
            else
            {
                for (var i = from; i < end; i++)
                {
                    if (condition.Selects(new PointRow(key, points.Times[i], points.Volumes[i], null)))
                        Extend(into, i, i + 1);
                }
            }
            from = end;
        }
    }

    /// <summary>The first index after a run of samples with the same metadata.</summary>
    public static int EndOfRun(Points points, int from, int to)
    {
        var metadata = points.Metadata;
        var end = from + 1;
        while (end < to && metadata[end] == metadata[from])
            end++;
        return end;
    }

    private Predicate OfVersion(int id)
    {
        if (_byVersion.TryGetValue(id, out var reduced))
            return reduced;
        var metadata = _run.Model.Metadata.Get(id);
        reduced = _condition.Reduce(field => field.Path is { } path ? metadata[path] : null);
        if (_byVersion.Count >= MaxVersions)
            _byVersion.Clear();
        _byVersion.Add(id, reduced);
        return reduced;
    }

    private static void Extend(List<(int From, int To)> into, int from, int to)
    {
        if (into.Count > 0 && into[^1].To == from)
            into[^1] = (into[^1].From, to);
        else
            into.Add((from, to));
    }
}
