using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>Statistics out of the samples themselves.</summary>
internal sealed class ScannedStatistics
{
    private readonly QueryRun _run;
    private readonly QueryPlan _plan;
    private readonly StatisticsQuery _query;
    private readonly StatisticsTable _table;
    private readonly List<(int From, int To)> _selected = [];
    private readonly List<(int Index, Field Of, bool OfSeries)> _cardinalities = [];
    private readonly SeriesRates? _rates;
    private readonly bool _groupsByMetadata, _groupsByRow, _countsByRow, _asksLog;

    public ScannedStatistics(QueryRun run, QueryPlan plan, StatisticsQuery query, StatisticsTable table)
    {
        (_run, _plan, _query, _table) = (run, plan, query, table);
        for (var i = 0; i < query.Aggregates.Count; i++)
        {
            if (query.Aggregates[i] is { Function: AggregateFunction.Cardinality, Of: { } of })
                _cardinalities.Add((i, of, KeyRow.Has(of)));
        }
        if (query.Aggregates.Any(a => a.Function == AggregateFunction.Rate))
            _rates = new(table);
        _groupsByMetadata = query.GroupBy.Any(f => f.IsMetadata);
        _groupsByRow = query.GroupBy.Any(f => !f.IsMetadata && !KeyRow.Has(f));
        _countsByRow = _cardinalities.Any(c => !c.OfSeries);
        _asksLog = query.GroupBy.Concat(_cardinalities.Select(c => c.Of)).Any(SampleRow.IsOfEvent);
    }

    public async ValueTask AddAsync(List<SeriesView> all)
    {
        foreach (var series in all)
        {
            var filter = _run.FilterOf(series.Rest);
            if (filter.SelectsAll && !_groupsByMetadata && !_groupsByRow && !_countsByRow)
            {
                AddWithoutFilter(series, GroupOf(series.Key, field => KeyRow.Of(series.Key, field)!.Value), _plan.Range);
                continue;
            }
            var columns = filter.Columns | PointColumns.Volumes | PointColumns.Origins | (_groupsByMetadata || _groupsByRow || _countsByRow ? PointColumns.Metadata : 0);
            var groups = new Dictionary<int, int>(); // by version of metadata
            foreach (var points in _run.Chunks(series, _plan.Range, columns))
            {
                await filter.SelectAsync(series.Key, points, _plan.Range, _selected);
                foreach (var (from, to) in _selected)
                {
                    if (_groupsByRow || _countsByRow)
                        await AddRowsAsync(series, points, from, to);
                    else
                        AddVersions(series, groups, points, from, to);
                }
            }
            _rates?.EndSeries(series.Key.Type);
        }
    }

    /// <summary>Adds all samples of a series in a range to one group.</summary>
    public void AddWithoutFilter(SeriesView series, int group, TimeRange range)
    {
        foreach (var points in _run.Chunks(series, range, PointColumns.Times | PointColumns.Volumes | PointColumns.Origins))
        {
            var (from, to) = points.Within(range);
            if (from < to)
                Add(series, group, points, from, to);
        }
        _rates?.EndSeries(series.Key.Type);
    }

    /// <summary>Tells a row's cardinalities of a series that has samples in it.</summary>
    public void CountDifferent(SeriesView series, int slot)
    {
        foreach (var (index, of, ofSeries) in _cardinalities)
        {
            if (ofSeries)
                _table.Details(slot).Count(index, KeyRow.Of(series.Key, of)!.Value);
        }
    }

    private int GroupOf(SeriesKey key, Func<Field, QueryValue> value) => _table.GroupOf(key.Unit, [.. _query.GroupBy.Select(value)]);

    private void AddVersions(SeriesView series, Dictionary<int, int> groups, Points points, int from, int to)
    {
        while (from < to)
        {
            var end = _groupsByMetadata ? RowFilter.EndOfRun(points, from, to) : to;
            var version = _groupsByMetadata ? points.Metadata[from] : 0;
            if (!groups.TryGetValue(version, out var group))
            {
                var metadata = _groupsByMetadata ? _run.Model.Metadata.Get(version) : null;
                group = GroupOf(series.Key, field => field.Path is { } path ? metadata![path] : KeyRow.Of(series.Key, field)!.Value);
                groups.Add(version, group);
            }
            Add(series, group, points, from, end);
            from = end;
        }
    }

    private async ValueTask AddRowsAsync(SeriesView series, Points points, int from, int to)
    {
        for (var i = from; i < to; i++)
        {
            var sample = _asksLog
                ? await _run.SampleAsync(series.Key, points.Times[i], points.Volumes[i], points.Origins[i], points.Metadata[i])
                : new Sample("", series.Key, points.Times[i], points.Volumes[i], _run.Model.Metadata.Get(points.Metadata[i]), 0, null);
            var row = new SampleRow(sample);
            var slot = Add(series, GroupOf(series.Key, field => row[field]), points, i, i + 1);
            foreach (var (index, of, ofSeries) in _cardinalities)
            {
                if (!ofSeries)
                    _table.Details(slot).Count(index, row[of]);
            }
        }
    }

    /// <summary>Adds sorted samples to the buckets that they lie in; gives the row of the last one.</summary>
    private int Add(SeriesView series, int group, Points points, int from, int to)
    {
        var first = points.Origins[from];
        foreach (var origin in points.Origins.AsSpan(from, to - from))
            first = Math.Min(first, origin);
        _table.Saw(group, first);
        var grid = _table.Grid;
        var slot = -1;
        while (from < to)
        {
            var bucket = grid?.IndexOf(points.Times[from]) ?? 0;
            var end = grid is { } g ? from + 1 + Points.LowerBound(points.Times.AsSpan(from + 1, to - from - 1), g.StartOf(bucket) + g.Length) : to;
            slot = _table.SlotOf(group, bucket);
            _table.Total(slot).Merge(Fold(points, from, end));
            if (_table.NeedsDetails)
            {
                _table.Details(slot).Add(points, from, end);
                CountDifferent(series, slot);
                _rates?.Add(slot, points, from, end);
            }
            from = end;
        }
        return slot;
    }

    /// <summary>Adds up at once: 1 to 2 ns a sample, where one by one each waits 10 ns for two divisions.</summary>
    private static Accumulator Fold(Points points, int from, int to)
    {
        var volumes = points.Volumes.AsSpan(from, to - from);
        double sum = 0, min = volumes[0], max = volumes[0];
        foreach (var volume in volumes)
        {
            sum += volume;
            min = Math.Min(min, volume);
            max = Math.Max(max, volume);
        }
        var mean = sum / volumes.Length;
        double m2 = 0;
        foreach (var volume in volumes)
            m2 += (volume - mean) * (volume - mean);
        return new()
        {
            Count = volumes.Length,
            Min = min,
            Max = max,
            Sum = sum,
            M2 = m2,
            FirstAt = points.Times[from],
            LastAt = points.Times[to - 1],
        };
    }
}
