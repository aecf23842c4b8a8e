using Telemetry.Domain.Queries;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>The newest samples of many series: blocks are visited by when they end, the latest first, until none can hold a newer sample.</summary>
internal sealed class NewestSamples(QueryRun run, QueryPlan plan, int limit)
{
    private readonly PriorityQueue<Hit, Hit> _best = new(Comparer<Hit>.Create(static (a, b) => -Hit.Order(a, b))); // the worst on top
    private readonly List<(int From, int To)> _selected = [];

    /// <summary>Newest timestamp first, equal ones in the order of insertion.</summary>
    public static ValueTask<SortedSample[]> FindAsync(QueryRun run, QueryPlan plan, int limit) => new NewestSamples(run, plan, limit).FindAsync();

    private async ValueTask<SortedSample[]> FindAsync()
    {
        var cursors = new PriorityQueue<Cursor, long>();
        foreach (var series in run.Series(plan))
            Advance(cursors, new(series));
        while (cursors.TryDequeue(out var cursor, out var negatedEnd))
        {
            // An equal timestamp may still come before the worst hit, by insertion.
            if (_best.Count >= limit && ~negatedEnd < _best.Peek().At)
                break;
            run.Budget.Check();
            await VisitAsync(cursor);
            Advance(cursors, cursor);
        }
        var hits = _best.UnorderedItems.Select(x => x.Element).ToArray();
        Array.Sort(hits, Hit.Order);
        return Array.ConvertAll(hits, h => new SortedSample(new("", h.Series.Key, h.At, h.Volume, run.Model.Metadata.Get(h.Metadata), 0, null), h.Origin, run));
    }

    /// <summary>Queues the next block of a series, by a bound on the timestamps of all that are left.</summary>
    private void Advance(PriorityQueue<Cursor, long> cursors, Cursor cursor)
    {
        if (cursor.Next(run, plan.Range) is { } end)
            cursors.Enqueue(cursor, ~end); // ~x orders as -x does, and does not overflow
    }

    private async ValueTask VisitAsync(Cursor cursor)
    {
        var filter = run.FilterOf(cursor.Series.Rest);
        foreach (var points in cursor.Read(run, filter.Columns | PointColumns.All))
        {
            if (filter.UsesEvent)
                await filter.SelectAsync(cursor.Series.Key, points, plan.Range, _selected);
            else
                filter.Select(cursor.Series.Key, points, plan.Range, _selected);
            for (var s = _selected.Count - 1; s >= 0; s--)
            {
                for (var i = _selected[s].To - 1; i >= _selected[s].From; i--)
                {
                    var at = points.Times[i];
                    if (_best.Count >= limit && at < _best.Peek().At)
                        break; // the older ones are older still
                    var hit = new Hit(cursor.Series, at, points.Origins[i], points.Volumes[i], points.Metadata[i]);
                    if (_best.Count < limit)
                        _best.Enqueue(hit, hit);
                    else if (Hit.Order(hit, _best.Peek()) < 0)
                        _best.EnqueueDequeue(hit, hit);
                }
            }
        }
    }

    private readonly record struct Hit(SeriesView Series, long At, long Origin, double Volume, int Metadata)
    {
        public static int Order(Hit x, Hit y) => x.At != y.At ? y.At.CompareTo(x.At) : x.Origin.CompareTo(y.Origin);
    }

    /// <summary>A place in the blocks of one series: first the tail, then the blocks in memory backwards, then those in the store.</summary>
    private sealed class Cursor(SeriesView series)
    {
        private bool _tailVisited;
        private int _cached = series.Blocks.Count;
        private List<(long Id, long LastAt)>? _stored;
        private int _storedVisited;
        private object? _current;

        public SeriesView Series => series;

        /// <summary>Moves on; gives the latest instant that what is left can hold, null at the end.</summary>
        public long? Next(QueryRun run, TimeRange range)
        {
            var to = (range.To ?? long.MaxValue) - (range.To is null ? 0 : 1);
            if (!_tailVisited)
            {
                _tailVisited = true;
                if (series.Tail.Count > 0)
                {
                    _current = series;
                    return Math.Min(series.Summary.LastAt, to);
                }
            }
            while (--_cached >= 0)
            {
                var block = series.Blocks.Items[series.Blocks.Start + _cached];
                if (!range.Overlaps(block.FirstAt, block.LastAt))
                    continue;
                _current = block;
                return Math.Min(block.LatestSoFar, to);
            }
            if (series.Blocks.FirstCached == 0 || (range.From ?? long.MinValue) > series.Blocks.EvictedLastAt)
                return null;
            if (_stored is null)
            {
                // Asked for only when the cursor is here in earnest.
                _stored = [];
                _current = null;
                return Math.Min(series.Blocks.EvictedLastAt, to);
            }
            if (_storedVisited == _stored.Count)
                return null;
            var segment = _stored[_storedVisited++];
            _current = run.Model.Tables.Segments(segment.Id, series.Blocks.List, run.Pages);
            return Math.Min(segment.LastAt, to);
        }

        public IEnumerable<Points> Read(QueryRun run, PointColumns columns)
        {
            switch (_current)
            {
                case SeriesView:
                    run.Points.Take(series.Tail);
                    yield return run.Points;
                    break;
                case Block block:
                    SampleBlock.Read(block.Data, columns, run.Points);
                    yield return run.Points;
                    break;
                case List<SegmentRow> segments:
                    foreach (var block in segments.Where(s => s.First < series.Blocks.FirstCached).SelectMany(s => s.Blocks().Take(series.Blocks.FirstCached - s.First)))
                    {
                        SampleBlock.Read(block.Data, columns, run.Points);
                        yield return run.Points;
                    }
                    break;
                default:
                    _stored = run.Model.Tables.SegmentEnds(series.Blocks.List);
                    break;
            }
        }
    }
}
