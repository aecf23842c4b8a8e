using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>The rows of a statistics answer while they come together.</summary>
/// <param name="gridStart">Where the first bucket begins; not looked at without a period.</param>
internal sealed class StatisticsTable(StatisticsQuery query, long? gridStart)
{
    private const int PageLength = 512;

    private readonly Dictionary<GroupKey, int> _groupNumbers = [];
    private readonly List<Group> _groups = [];
    private readonly Dictionary<(int Group, long Bucket), int> _slots = [];
    private readonly List<Row[]> _pages = []; // an array that grew with the answer would be garbage of the oldest generation each time
    private int _count;
    private int _last;
    private PeriodGrid? _grid;
    private readonly bool _needsDetails = !query.Aggregates.All(a => a.Accumulates);

    /// <summary>Null without a period. Made when the first sample is there: a period that is too long is an error only then.</summary>
    public PeriodGrid? Grid => query.PeriodSeconds is { } period ? _grid ??= new PeriodGrid(gridStart!.Value, period) : null;

    /// <summary>Whether every bucket is a number of whole hours.</summary>
    public bool BucketsAreHours => AreMultiplesOf(UnixMicroseconds.PerHour);

    /// <summary>Whether every bucket is a number of whole days.</summary>
    public bool BucketsAreDays => AreMultiplesOf(UnixMicroseconds.PerDay);

    public StatisticsQuery Query => query;
    public bool NeedsDetails => _needsDetails;

    /// <summary>The number of a group, a new one where it was not seen before.</summary>
    public int GroupOf(string? unit, QueryValue[] values)
    {
        ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_groupNumbers, new(unit, values), out var known);
        if (!known)
        {
            number = _groups.Count;
            _groups.Add(new(unit, values));
        }
        return number;
    }

    /// <summary>Tells a group of a sample's origin; the first one decides its place in the answer.</summary>
    public void Saw(int group, long origin) => _groups[group].FirstOrigin = Math.Min(_groups[group].FirstOrigin, origin);

    /// <summary>The number of a row, a new one where it was not seen before.</summary>
    /// <exception cref="TooManyRowsException">That is one too many.</exception>
    public int SlotOf(int group, long bucket)
    {
        // The series of a group go through the same buckets one after the other.
        if (_count > 0)
        {
            var next = RowAt(_last).Next;
            ref readonly var row = ref RowAt(next);
            if (row.Bucket == bucket && row.Group == group)
                return _last = next;
        }
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_slots, (group, bucket), out var known);
        if (!known)
        {
            if (_count == StatisticsQuery.MaxRows)
                throw new TooManyRowsException();
            if (_count == _pages.Count * PageLength)
                _pages.Add(new Row[PageLength]);
            slot = _count++;
            RowAt(slot) = new() { Group = group, Bucket = bucket, Details = _needsDetails ? new(query.Aggregates) : null };
        }
        RowAt(_last).Next = slot;
        return _last = slot;
    }

    public ref Accumulator Total(int slot) => ref RowAt(slot).Total;

    public StatisticsDetails Details(int slot) => RowAt(slot).Details!;

    public List<StatisticsRow> ToRows()
    {
        var order = new (long Bucket, long FirstOrigin, int Slot)[_count];
        for (var slot = 0; slot < _count; slot++)
            order[slot] = (RowAt(slot).Bucket, _groups[RowAt(slot).Group].FirstOrigin, slot);
        Array.Sort(order, static (a, b) => a.Bucket != b.Bucket ? a.Bucket.CompareTo(b.Bucket) : a.FirstOrigin.CompareTo(b.FirstOrigin));
        var grid = _count > 0 ? Grid : null;
        var answer = new List<StatisticsRow>(_count);
        foreach (var (_, _, slot) in order)
        {
            ref readonly var row = ref RowAt(slot);
            var group = _groups[row.Group];
            answer.Add(new(
                group.Unit, group.Values, grid?.StartOf(row.Bucket) ?? row.Total.FirstAt, grid?.StartOf(row.Bucket + 1) ?? row.Total.LastAt,
                row.Total, ValuesOf(row)));
        }
        return answer;
    }

    private ref Row RowAt(int slot) => ref _pages[slot / PageLength][slot % PageLength];

    // By itself, since making the grid may be an error.
    private bool AreMultiplesOf(long length) => query.PeriodSeconds is not { } period
        || (period % (length / UnixMicroseconds.PerSecond) == 0 && gridStart % length == 0);

    private double?[] ValuesOf(in Row row)
    {
        if (query.Aggregates.Count == 0)
            return [];
        var values = new double?[query.Aggregates.Count];
        for (var i = 0; i < values.Length; i++)
        {
            var aggregate = query.Aggregates[i];
            values[i] = aggregate.Function switch
            {
                AggregateFunction.Max => row.Total.Max,
                AggregateFunction.Min => row.Total.Min,
                AggregateFunction.Sum => row.Total.Sum,
                AggregateFunction.Average => row.Total.Average,
                AggregateFunction.Count => row.Total.Count,
                AggregateFunction.StandardDeviation => row.Total.StandardDeviation,
                _ => row.Details!.ValueOf(aggregate, i),
            };
        }
        return values;
    }

    private struct Row
    {
        public int Group;

        /// <summary>The row that was asked for after this one the last time.</summary>
        public int Next;

        public long Bucket;
        public Accumulator Total;
        public StatisticsDetails? Details;
    }

    private sealed class Group(string? unit, QueryValue[] values)
    {
        public string? Unit => unit;
        public QueryValue[] Values => values;
        public long FirstOrigin { get; set; } = long.MaxValue;
    }

    private readonly record struct GroupKey(string? Unit, QueryValue[] Values)
    {
        public bool Equals(GroupKey other) => Unit == other.Unit && Values.AsSpan().SequenceEqual(other.Values);

        public override int GetHashCode()
        {
            var hash = new HashCode();
            hash.Add(Unit);
            foreach (var value in Values)
                hash.Add(value);
            return hash.ToHashCode();
        }
    }
}
