using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>Statistics out of rollups: days where whole days are asked for, hours beside them, samples only where a range cuts an hour.</summary>
internal sealed class RollupStatistics(QueryRun run, QueryPlan plan, StatisticsTable table)
{
    private readonly Rollup[] _block = new Rollup[Points.Capacity];
    private readonly ScannedStatistics _scan = new(run, plan, table.Query, table);

    public void Add(List<SeriesView> all)
    {
        var query = table.Query;
        foreach (var series in all)
        {
            run.Budget.Check();
            var group = table.GroupOf(series.Key.Unit, [.. query.GroupBy.Select(field => KeyRow.Of(series.Key, field)!.Value)]);
            var from = plan.Range.From <= series.Summary.FirstAt ? null : plan.Range.From;
            var to = plan.Range.To > series.Summary.LastAt ? null : plan.Range.To;
            Add(series, group, table.BucketsAreDays ? RollupLevels.Day : RollupLevels.Hour, from, to);
        }
    }

    /// <summary>Adds a span of time by whole buckets of a level, and what is cut off at its ends by the finer level.</summary>
    private void Add(SeriesView series, int group, int level, long? from, long? to)
    {
        if (level < RollupLevels.Hour)
        {
            _scan.AddWithoutFilter(series, group, new(from, to));
            return;
        }
        var length = RollupLevels.Length(level);
        var first = from is null ? long.MinValue : RollupLevels.Floor(from.Value + length - 1, length);
        var end = to is null ? long.MaxValue : RollupLevels.Floor(to.Value, length);
        if (first >= end)
        {
            Add(series, group, level - 1, from, to);
            return;
        }
        AddWhole(series, group, level, first, end);
        if (from < first * length)
            Add(series, group, level - 1, from, first * length);
        if (to > end * length)
            Add(series, group, level - 1, end * length, to);
    }

    private void AddWhole(SeriesView series, int group, int level, long first, long end)
    {
        var length = RollupLevels.Length(level);
        var (open, blocks) = series.Rollups![level];
        var range = new TimeRange(first == long.MinValue ? null : first * length, end == long.MaxValue ? null : end * length);
        foreach (var data in run.Blocks(blocks, range))
        {
            var count = RollupBlock.Read(data, level, _block);
            Add(series, group, length, _block.AsSpan(0, count), first, end);
        }
        Add(series, group, length, open, first, end);
        var hour = series.Hour;
        hour.Bucket = RollupLevels.Floor(hour.Bucket, length / RollupLevels.Length(RollupLevels.Hour));
        Add(series, group, length, new(in hour), first, end);
    }

    private void Add(SeriesView series, int group, long length, ReadOnlySpan<Rollup> rollups, long first, long end)
    {
        var details = table.NeedsDetails;
        foreach (ref readonly var rollup in rollups)
        {
            if (rollup.Bucket < first || rollup.Bucket >= end)
                continue;
            var slot = table.SlotOf(group, table.Grid?.IndexOf(rollup.Bucket * length) ?? 0);
            table.Total(slot).Merge(rollup.Total);
            table.Saw(group, rollup.FirstOrigin);
            if (details)
                _scan.CountDifferent(series, slot);
        }
    }
}
