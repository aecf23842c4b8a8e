using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>The samples of one period, group and unit.</summary>
internal sealed class StatisticsBucket
{
    private readonly double?[] _values;
    private readonly AggregateSet _aggregates;
    private readonly Accumulator _total;

    /// <param name="row">Null: there are no samples.</param>
    public StatisticsBucket(
        DateTimeOffset from, DateTimeOffset to, string? unit, IReadOnlyList<GroupKey> group, bool open, AggregateSet aggregates, StatisticsRow? row)
    {
        (From, To, Unit, Group, Open, _aggregates) = (from, to, unit, group, open, aggregates);
        _total = row?.Total ?? default;
        _values = new double?[AggregateSet.Standard + aggregates.List.Count];
        if (row is null)
            return;
        (_values[0], _values[1], _values[2], _values[3], _values[4]) = (_total.Min, _total.Max, _total.Sum, _total.Average, _total.StandardDeviation);
        for (var i = 0; i < row.Values.Count; i++)
            _values[AggregateSet.Standard + i] = row.Values[i];
    }

    private StatisticsBucket(StatisticsBucket empty, double?[] values)
        : this(empty.From, empty.To, empty.Unit, empty.Group, empty.Open, empty._aggregates, null) => _values = values;

    /// <summary>Where it begins.</summary>
    public DateTimeOffset From { get; }

    /// <summary>Where it ends; the range may end before.</summary>
    public DateTimeOffset To { get; }

    /// <summary>Of its samples; samples of different units never share a bucket.</summary>
    public string? Unit { get; }

    /// <summary>The values that it is grouped by, in the order asked for.</summary>
    [ListSize(AssumedSize = 1)] // comes with the bucket
    public IReadOnlyList<GroupKey> Group { get; }

    /// <summary>How many samples it has.</summary>
    public long Count => _total.Count;

    /// <summary>The smallest volume.</summary>
    public double? Min => Finite(0);

    /// <summary>The largest volume.</summary>
    public double? Max => Finite(1);

    /// <summary>All volumes together; null too where that is more than a number can hold.</summary>
    public double? Sum => Finite(2);

    /// <summary>The mean.</summary>
    public double? Avg => Finite(3);

    /// <summary>The population's standard deviation.</summary>
    public double? Stddev => Finite(4);

    /// <summary>The volume below which a part of all lies, linear between the two nearest.</summary>
    /// <param name="q">0 to 1: 0.5 is the median.</param>
    [Cost(0)]
    public double? Quantile(double q) => Finite(_aggregates.IndexOf(AggregateSet.Quantile(q)));

    /// <summary>Growth per second, of every series by itself and then summed; a counter that falls began again.</summary>
    public double? Rate => Finite(_aggregates.IndexOf(AggregateSet.Rate));

    /// <summary>How many different values a field has.</summary>
    /// <param name="of">The field.</param>
    [Cost(0)]
    public long Distinct(Dimension of) => (long)(_values[_aggregates.IndexOf(AggregateSet.Distinct(of))] ?? 0);

    /// <summary>The earliest sample.</summary>
    public SamplePoint? First => Point(AggregateSet.First, _total.FirstAt);

    /// <summary>The latest sample.</summary>
    public SamplePoint? Last => Point(AggregateSet.Last, _total.LastAt);

    /// <summary>Whether time goes on in it: what is measured now counts.</summary>
    public bool Open { get; }

    /// <summary>This bucket without samples, filled between two that have some.</summary>
    [GraphQLIgnore]
    public StatisticsBucket Filled(Fill fill, StatisticsBucket? before, StatisticsBucket? after) => fill switch
    {
        Fill.Zero => new(this, [.. _values.Select(_ => (double?)0)]),
        Fill.Previous when before is not null => new(this, before._values),
        Fill.Linear when before is not null && after is not null => new(this,
            [.. before._values.Zip(after._values, (x, y) => x + ((y - x) * ((From - before.From) / (after.From - before.From))))]),
        _ => this,
    };

    private SamplePoint? Point(Aggregate aggregate, long at) =>
        Count > 0 && Finite(_aggregates.IndexOf(aggregate)) is { } volume ? new(volume, UnixMicroseconds.ToDateTimeOffset(at)) : null;

    private double? Finite(int index) => _values[index] is { } value && double.IsFinite(value) ? value : null;
}
