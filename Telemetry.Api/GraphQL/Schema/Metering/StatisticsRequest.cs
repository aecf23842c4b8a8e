using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Scalars;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Statistics as they are asked for, whatever the meter.</summary>
internal sealed class StatisticsRequest
{
    public const int DefaultFirst = 1_000;
    public const int MaxGroups = 10;

    /// <summary>The longest time that is asked for at once.</summary>
    public static readonly TimeSpan MaxRange = TimeSpan.FromDays(3_660);

    private readonly BucketGrid _grid;
    private readonly bool _hasPeriod;
    private readonly List<(string Name, Field Field)> _groups;
    private readonly Fill _fill;
    private readonly IReadOnlyList<StatisticsSortInput> _order;
    private readonly int _first;
    private readonly long _from, _to, _now;
    private readonly bool _isOpenEnded;
    private readonly AggregateSet _aggregates;

    private StatisticsRequest(
        long from, long? to, long now, CalendarDuration? period, string timeZone, List<(string, Field)> groups, Fill fill,
        IReadOnlyList<StatisticsSortInput> order, int first, AggregateSet aggregates)
    {
        (_from, _to, _now, _isOpenEnded) = (from, to ?? Math.Max(now, from + 1), now, to is null);
        (_groups, _fill, _order, _first, _aggregates) = (groups, fill, order, first, aggregates);
        _hasPeriod = period is not null;
        _grid = period is { } length ? BucketGrid.Of(_from, _to, length, timeZone) : BucketGrid.Whole(_from, _to);
    }

    /// <exception cref="Execution.GraphQLException">An argument is out of bounds.</exception>
    public static StatisticsRequest Of(
        TimeRangeInput range, CalendarDuration? period, IReadOnlyList<GroupByInput>? groupBy, Fill fill, string timeZone,
        IReadOnlyList<StatisticsSortInput>? order, int first, DateTimeOffset now, AggregateSet aggregates)
    {
        if (range.To <= range.From)
            throw Refused.BadInput($"A range ends after it begins, not from {range.From:O} to {range.To:O}.");
        if ((range.To ?? now) - range.From > MaxRange)
            throw Refused.BadInput($"A range is at most {MaxRange.Days} days long.");
        if (first is < 1 or > BucketGrid.MaxBuckets)
            throw Refused.BadInput($"\"first\" is 1 to {BucketGrid.MaxBuckets}, not {first}.");
        if (groupBy?.Count > MaxGroups)
            throw Refused.BadInput($"At most {MaxGroups} fields can be grouped by, not {groupBy.Count}.");
        return new(
            UnixMicroseconds.From(range.From), range.To is { } to ? UnixMicroseconds.From(to) : null, UnixMicroseconds.From(now), period, timeZone,
            [.. (groupBy ?? []).Select(GroupOf).Distinct()], fill, order ?? [], first, aggregates);
    }

    /// <summary>Reads every stretch of the grid.</summary>
    /// <param name="filter">With the caller's scope and the meter.</param>
    /// <param name="before">Fields that come before those asked for in the rows' groups.</param>
    public async Task<List<StatisticsRow>> ReadAsync(IMeteringReader reader, Predicate filter, IReadOnlyList<Field> before, CancellationToken ct)
    {
        var rows = new List<StatisticsRow>();
        List<Field> groups = [.. before, .. _groups.Select(g => g.Field)];
        if (!_hasPeriod)
            rows.AddRange(await reader.StatisticsAsync(new(filter, new(_from, _to), null, null, groups, _aggregates.List), ct));
        else
        {
            foreach (var run in _grid.Runs())
            {
                var time = new TimeRange(Math.Max(_from, run.Start), Math.Min(_to, run.End));
                rows.AddRange(await reader.StatisticsAsync(new(filter, time, run.Length / UnixMicroseconds.PerSecond, run.Start, groups, _aggregates.List), ct));
            }
        }
        return rows.Count <= StatisticsQuery.MaxRows ? rows : throw new TooManyRowsException();
    }

    /// <summary>Rows as the answer has them: filled, sorted, cut.</summary>
    /// <param name="rows">Of one meter or several of one name.</param>
    /// <param name="skip">How many fields the rows' groups have before those asked for.</param>
    public StatisticsResult Result(IReadOnlyList<StatisticsRow> rows, int skip = 0)
    {
        var series = rows.GroupBy(r => new SeriesOf(r.Unit, [.. r.Group.Skip(skip)])).ToList();
        if (series.Count == 0 && _groups.Count == 0 && _fill != Fill.None)
            series = [new EmptySeries()];
        if (_fill != Fill.None && (long)series.Count * _grid.Count > StatisticsQuery.MaxRows)
            throw new TooManyRowsException();
        var buckets = series.SelectMany(Buckets);
        var sorted = buckets.OrderBy(_ => 0);
        foreach (var key in _order.SelectMany(KeysOf))
            sorted = key.Descending ? sorted.ThenByDescending(key.Value) : sorted.ThenBy(key.Value);
        sorted = sorted.ThenBy(b => b.From);
        for (var i = 0; i < _groups.Count; i++)
        {
            var group = i;
            sorted = sorted.ThenBy(b => b.Group[group].Value, StringComparer.Ordinal);
        }
        var all = sorted.ThenBy(b => b.Unit, StringComparer.Ordinal).Take(_first + 1).ToList();
        var units = rows.Select(r => r.Unit).Distinct().Take(2).ToList();
        return new(
            all.Count > _first ? all[.._first] : all, all.Count > _first, new(Time(_from), Time(_to)), units is [var unit] ? unit : null);
    }

    private IEnumerable<StatisticsBucket> Buckets(IGrouping<SeriesOf, StatisticsRow> series)
    {
        GroupKey[] group = [.. _groups.Select((g, i) => new GroupKey(g.Name, series.Key.Group.Count > i ? TextOf(series.Key.Group[i]) : null))];
        var byBucket = new SortedDictionary<int, StatisticsBucket>();
        foreach (var row in series)
        {
            var bucket = _hasPeriod ? _grid.IndexOf(row.PeriodStart) : 0;
            byBucket[bucket] = Bucket(bucket, series.Key.Unit, group, row);
        }
        if (_fill == Fill.None)
            return byBucket.Values;
        var filled = new StatisticsBucket[_grid.Count];
        var known = byBucket.Keys.ToList();
        for (var (i, next) = (0, 0); i < filled.Length; i++)
        {
            if (next < known.Count && known[next] == i)
            {
                filled[i] = byBucket[i];
                next++;
                continue;
            }
            filled[i] = Bucket(i, series.Key.Unit, group, null)
                .Filled(_fill, next > 0 ? byBucket[known[next - 1]] : null, next < known.Count ? byBucket[known[next]] : null);
        }
        return filled;
    }

    private StatisticsBucket Bucket(int index, string? unit, IReadOnlyList<GroupKey> group, StatisticsRow? row) => new(
        Time(_grid[index]), Time(_grid[index + 1]), unit, group, _grid[index + 1] > _now || (_isOpenEnded && index == _grid.Count - 1), _aggregates, row);

    private static (string, Field) GroupOf(GroupByInput by) => by switch
    {
        { Dimension: { } dimension } => (dimension.ToString().ToLowerInvariant(), AggregateSet.FieldOf(dimension)),
        { Metadata: { Length: > 0 } key } => (key, Field.Metadata(key.Replace(':', '.'))),
        _ => throw Refused.BadInput("A key of metadata is not empty."),
    };

    private static IEnumerable<(Func<StatisticsBucket, double?> Value, bool Descending)> KeysOf(StatisticsSortInput order)
    {
        foreach (var (direction, value) in ((SortEnumType?, Func<StatisticsBucket, double?>)[])
            [(order.From, b => b.From.UtcTicks), (order.Count, b => b.Count), (order.Sum, b => b.Sum), (order.Avg, b => b.Avg), (order.Max, b => b.Max), (order.Min, b => b.Min)])
        {
            if (direction is { } given)
                yield return (value, given == SortEnumType.Desc);
        }
    }

    /// <summary>As metadata are shown elsewhere.</summary>
    private static string? TextOf(QueryValue value) => value.Kind switch
    {
        ValueKind.Null => null,
        ValueKind.Boolean => value.Integer == 1 ? "True" : "False",
        ValueKind.Float => PythonText.Float(value.Number),
        _ => value.ToString(),
    };

    private static DateTimeOffset Time(long at) => UnixMicroseconds.ToDateTimeOffset(Math.Min(at, UnixMicroseconds.Max));

    private sealed record SeriesOf(string? Unit, IReadOnlyList<QueryValue> Group)
    {
        public bool Equals(SeriesOf? other) => other is not null && Unit == other.Unit && Group.SequenceEqual(other.Group);

        public override int GetHashCode() => Group.Aggregate(HashCode.Combine(Unit), HashCode.Combine);
    }

    private sealed class EmptySeries : List<StatisticsRow>, IGrouping<SeriesOf, StatisticsRow>
    {
        public SeriesOf Key { get; } = new(null, []);
    }
}

/// <summary>How many buckets an answer can have: the range by the period, ten groups a field, never more than asked for.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StatisticsSizeAttribute : ListSizeAttribute
{
    private const int AssumedGroups = 10;

    public StatisticsSizeAttribute() => SizedFields = ["buckets"];

    public override double GetSize(IReadOnlyDictionary<string, object?> arguments)
    {
        var first = arguments.GetValueOrDefault("first") as int? ?? StatisticsRequest.DefaultFirst;
        if (arguments.GetValueOrDefault("period") is not CalendarDuration period)
            return Math.Min(first, Groups());
        if (arguments.GetValueOrDefault("range") is not TimeRangeInput range || period is { Months: 0, Days: 0, Time.Ticks: 0 })
            return first;
        var days = ((range.To ?? TimeProvider.System.GetUtcNow()) - range.From).TotalDays;
        return Math.Min(first, (Math.Ceiling(Math.Max(0, days) / ((period.Months * 28d) + period.Days + period.Time.TotalDays)) + 1) * Groups());

        double Groups() => Math.Pow(AssumedGroups, (arguments.GetValueOrDefault("groupBy") as System.Collections.ICollection)?.Count ?? 0);
    }
}
