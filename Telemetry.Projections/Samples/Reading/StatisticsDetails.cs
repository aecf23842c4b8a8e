using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>What a row needs beyond an <see cref="Accumulator"/>.</summary>
internal sealed class StatisticsDetails
{
    private readonly HashSet<QueryValue>?[] _different;
    private readonly List<double>? _volumes;
    private (long At, long Origin, double Volume) _first = (long.MaxValue, long.MaxValue, 0);
    private (long At, long Origin, double Volume) _last = (long.MinValue, long.MinValue, 0);
    private bool _sorted;

    public StatisticsDetails(IReadOnlyList<Aggregate> aggregates)
    {
        _different = new HashSet<QueryValue>?[aggregates.Count];
        for (var i = 0; i < aggregates.Count; i++)
        {
            if (aggregates[i].Function == AggregateFunction.Cardinality)
                _different[i] = [];
            else if (aggregates[i].Function == AggregateFunction.Percentile)
                _volumes ??= [];
        }
    }

    /// <summary>The growth per second of the series so far; null while none had two instants.</summary>
    public double? Rate { get; set; }

    /// <param name="aggregate">The place of a cardinality among the query's aggregates.</param>
    public void Count(int aggregate, QueryValue value) => _different[aggregate]!.Add(value);

    /// <summary>Adds samples of a block, which are sorted.</summary>
    public void Add(Points points, int from, int to)
    {
        _volumes?.AddRange(points.Volumes.AsSpan(from, to - from));
        var (at, origin) = (points.Times[from], points.Origins[from]);
        if (at < _first.At || (at == _first.At && origin < _first.Origin))
            _first = (at, origin, points.Volumes[from]);
        (at, origin) = (points.Times[to - 1], points.Origins[to - 1]);
        if (at > _last.At || (at == _last.At && origin > _last.Origin))
            _last = (at, origin, points.Volumes[to - 1]);
    }

    public double? ValueOf(Aggregate aggregate, int index) => aggregate.Function switch
    {
        AggregateFunction.Cardinality => _different[index]!.Count,
        AggregateFunction.Percentile => Percentile(aggregate.Percentile),
        AggregateFunction.First => _first.Volume,
        AggregateFunction.Last => _last.Volume,
        AggregateFunction.Rate => Rate,
        _ => throw new ArgumentOutOfRangeException(nameof(aggregate), aggregate.Function, "No such function."),
    };

    private double Percentile(double percentile)
    {
        if (!_sorted)
        {
            _volumes!.Sort();
            _sorted = true;
        }
        var rank = percentile / 100 * (_volumes!.Count - 1);
        var below = (int)Math.Floor(rank);
        var above = Math.Min(below + 1, _volumes.Count - 1);
        return _volumes[below] + (_volumes[above] - _volumes[below]) * (rank - below);
    }
}
