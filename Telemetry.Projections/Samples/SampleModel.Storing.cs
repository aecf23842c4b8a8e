using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples.Columns;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Samples;

internal sealed partial class SampleModel
{
    private int _storedStrings;
    private int _storedSeries;

    public IReadOnlyList<long> Stored => _stored;

    /// <summary>Reads what the tables hold; only for a new model. Ranges that are further than the others stay so until the log has been applied up to there.</summary>
    /// <returns>False where these are not the live tables any more.</returns>
    /// <exception cref="InvalidDataException">The tables contradict themselves.</exception>
    public bool Load()
    {
        if (_tables.Positions() is not { } positions)
            return false;
        foreach (var (id, text) in _tables.Strings())
        {
            if (_strings.IdOf(text) != id)
                throw new InvalidDataException($"String {id} of the read model is out of order.");
        }
        foreach (var row in _tables.Series())
        {
            var key = new SeriesKey(
                _strings[row.Meter], row.Type, Text(row.Unit), _strings[row.Resource], Text(row.Project), Text(row.User), _strings[row.Source]);
            if (Index.Find(key) is not null || Index.Add(key).Id != row.Id)
                throw new InvalidDataException($"Series {row.Id} of the read model is out of order.");
        }
        (_storedStrings, _storedSeries) = (_strings.Count, Index.All.Count);
        Metadata.Restore(_tables.Last().Metadata);
        var stored = new int[Index.All.Count, SegmentKinds.Count];
        foreach (var (id, state) in _tables.States())
        {
            if (id < 1 || id > Index.All.Count)
                throw new InvalidDataException($"Series {id} of the read model has a state and no row.");
            RestoreState(Index.All[id - 1], state, stored);
        }
        LoadNewestBlocks(stored);
        positions.CopyTo(_stored, 0);
        (_loaded, _level) = (positions, positions.Max());
        Volatile.Write(ref _position, positions.Min());
        return true;

        string? Text(int id) => id == 0 ? null : _strings[id];
    }

    /// <summary>Lets go of what other processes have stored. Numbers and blocks follow from the log alone, so that what they stored is what is here.</summary>
    public bool Follow()
    {
        if (_tables.Positions() is not { } positions)
            return false;
        if (positions.AsSpan().SequenceEqual(_stored))
            return true;
        var last = _tables.Last();
        Metadata.Stored(last.Metadata);
        _gate.EnterWriteLock();
        try
        {
            (_storedStrings, _storedSeries) = (Math.Min(last.String, _strings.Count), Math.Min(last.Series, Index.All.Count));
            LeaveToTables(positions);
        }
        finally
        {
            _gate.ExitWriteLock();
        }
        return true;
    }

    /// <summary>Stores everything since the last flush of some ranges in one transaction. One at a time; events may be applied meanwhile.</summary>
    public void Flush(IReadOnlyList<int> ranges, bool live, bool whole = true)
    {
        var taken = Take(ranges, whole);
        try
        {
            _tables.Write(Pack(taken, live ? 1 : 2), live);
        }
        catch
        {
            Untake(taken);
            throw;
        }
        finally
        {
            Leave();
        }
        if (taken.Metadata is [.., var (lastMetadata, _)])
            Metadata.Stored(lastMetadata);
        _gate.EnterWriteLock();
        try
        {
            _storedStrings += taken.Strings.Count;
            _storedSeries += taken.NewSeries.Count;
            var stored = _stored.ToArray();
            foreach (var range in ranges)
                stored[range] = taken.Position;
            LeaveToTables(stored);
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <summary>Keeps what is stored only as far as memory has room. Under the write lock.</summary>
    /// <param name="stored">By range, how far the tables are.</param>
    private void LeaveToTables(long[] stored)
    {
        stored.CopyTo(_stored, 0);
        _foreignIds.RemoveAll(ids => ids.Position <= _stored[RangeOf(ids.Position)]);
        if (_cachedBytes > _cacheBytes)
            Evict();
    }

    /// <summary>What a flush stores, as it was between two events.</summary>
    private sealed record Taken(
        IReadOnlyList<int> Ranges, long Position, long Samples, bool States, List<TakenSeries> Series, List<Rollup> Rollups, List<(int Id, string Text)> Strings, List<Series> NewSeries,
        List<(int Id, Metadata Metadata)> Metadata, List<(long Position, byte[] Filter)> ForeignIds);

    /// <param name="Persisted">By kind, the number of the first block that is not stored.</param>
    /// <param name="RollupsFrom">Where its rollups begin in <see cref="Taken.Rollups"/>.</param>
    /// <param name="RollupCounts">How many there are, by level.</param>
    private sealed record TakenSeries(
        Series Series, SeriesSummary Summary, Rollup Hour, TailView Tail, BlockView[] Blocks, int[] Persisted, int RollupsFrom, int[] RollupCounts);

    private Taken Take(IReadOnlyList<int> ranges, bool states)
    {
        _gate.EnterWriteLock();
        try
        {
            // States are stored page by page: those of a dirty series' neighbours go with it.
            var dirty = ranges.SelectMany(range => _dirty[range]);
            var all = states ? WithNeighbours(dirty) : [.. dirty];
            var rollups = new List<Rollup>(states ? all.Sum(s => s.Rollups[0].Open.Length + s.Rollups[1].Open.Length) : 0);
            var series = new List<TakenSeries>(all.Count);
            foreach (var each in all)
            {
                var (stored, blocks) = (_stored[RangeOf(each)], Array.ConvertAll(each.Blocks, b => b.View));
                series.Add(new(
                    each, each.Summary, each.Hour, each.Tail, blocks, Array.ConvertAll(blocks, b => b.FirstAfter(stored)),
                    rollups.Count, Array.ConvertAll(each.Rollups, r => r.Open.Length)));
                if (!states)
                    continue;
                each.Dirty = false;
                foreach (var level in each.Rollups)
                    rollups.AddRange(level.Open);
            }
            foreach (var range in states ? ranges : [])
                _dirty[range] = [];
            var samples = Unflushed;
            Unflushed = 0;
            Interlocked.Increment(ref _readers); // the tails in hand stay as they are
            return new(
                ranges, _position, samples, states, series, rollups,
                Enumerable.Range(_storedStrings + 1, _strings.Count - _storedStrings).Select(id => (id, _strings[id])).ToList(),
                Enumerable.Range(_storedSeries, Index.All.Count - _storedSeries).Select(i => Index.All[i]).ToList(),
                Metadata.Pending(), [.. _foreignIds.Where(ids => ranges.Contains(RangeOf(ids.Position)))]);
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    private List<Series> WithNeighbours(IEnumerable<Series> some)
    {
        var all = new List<Series>();
        foreach (var page in some.Select(s => SeriesPages.PageOf(s.Id)).Distinct().Order())
        {
            var (from, to) = SeriesPages.SeriesOf(page);
            for (var id = Math.Max(from, 1); id < to && id <= Index.All.Count; id++)
                all.Add(Index.All[id - 1]);
        }
        return all;
    }

    private void Untake(Taken taken)
    {
        _gate.EnterWriteLock();
        try
        {
            foreach (var series in taken.Series)
            {
                if (series.Series.Dirty)
                    continue;
                series.Series.Dirty = true;
                _dirty[RangeOf(series.Series)].Add(series.Series);
            }
            Unflushed += taken.Samples;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <param name="threads">How many share the work.</param>
    private SampleFlush Pack(Taken taken, int threads)
    {
        taken.Series.Sort((a, b) => a.Series.Id.CompareTo(b.Series.Id));
        var parts = new (List<(int, byte[])> States, List<SegmentPage> Segments)[threads];
        Parallel.For(0, threads, n => parts[n] = PackPages(taken, FirstOf(n), FirstOf(n + 1)));
        return new(
            taken.Ranges, taken.Position, taken.Strings, taken.NewSeries.ConvertAll(RowOf), taken.Metadata,
            [.. parts.SelectMany(p => p.States)], [.. parts.SelectMany(p => p.Segments)], taken.ForeignIds);

        // Where the n-th part begins: series of one page stay together.
        int FirstOf(int n)
        {
            var first = (int)((long)taken.Series.Count * n / threads);
            while (first > 0 && first < taken.Series.Count && PageOf(first) == PageOf(first - 1))
                first++;
            return first;
        }

        int PageOf(int i) => SeriesPages.PageOf(taken.Series[i].Series.Id);
    }

    /// <summary>Packs the pages of some of the series.</summary>
    private static (List<(int, byte[])> States, List<SegmentPage> Segments) PackPages(Taken taken, int first, int end)
    {
        var buffer = new ByteBuffer();
        var points = new Points();
        var states = new List<(int, byte[])>();
        var segments = new List<SegmentPage>();
        var rollups = CollectionsMarshal.AsSpan(taken.Rollups);
        var ofPage = new List<(int Series, byte[] State)>(SeriesPages.SeriesPerPage);
        var ofKind = new List<SegmentRow>(SeriesPages.SeriesPerPage);
        for (int from = first, to; from < end; from = to)
        {
            var page = SeriesPages.PageOf(taken.Series[from].Series.Id);
            for (to = from + 1; to < end && SeriesPages.PageOf(taken.Series[to].Series.Id) == page;)
                to++;
            ofPage.Clear();
            for (var i = from; taken.States && i < to; i++)
            {
                var series = taken.Series[i];
                ofPage.Add((series.Series.Id, SeriesState.Write(
                    series.Summary, series.Hour, series.Blocks, series.Tail, rollups[series.RollupsFrom..], series.RollupCounts, points, buffer)));
            }
            if (taken.States)
                states.Add((page, SeriesPages.PackStates(CollectionsMarshal.AsSpan(ofPage))));
            for (var kind = 0; kind < SegmentKinds.Count; kind++)
            {
                ofKind.Clear();
                for (var i = from; i < to; i++)
                {
                    if (SegmentOf(taken.Series[i], kind, buffer) is { } segment)
                        ofKind.Add(segment);
                }
                if (ofKind.Count > 0)
                    segments.Add(new(page, kind, ofKind.Min(s => s.FirstAt), ofKind.Max(s => s.LastAt), SeriesPages.PackSegments(CollectionsMarshal.AsSpan(ofKind))));
            }
        }
        return (states, segments);
    }

    private SeriesRow RowOf(Series series)
    {
        var key = series.Key;
        return new(
            series.Id, key.Type, Id(key.Meter), Id(key.Unit), Id(key.ResourceId), Id(key.ProjectId), Id(key.UserId), Id(key.Source));

        int Id(string? text) => text is null ? 0 : _strings.IdOf(text);
    }

    private static SegmentRow? SegmentOf(TakenSeries series, int kind, ByteBuffer buffer)
    {
        var view = series.Blocks[kind];
        var added = view.Cached[(series.Persisted[kind] - view.FirstCached)..];
        if (added.IsEmpty)
            return null;
        buffer.Clear();
        var (firstAt, lastAt) = (long.MaxValue, long.MinValue);
        foreach (var block in added)
        {
            buffer.Varint((ulong)block.Data.Length);
            buffer.Bytes(block.Data);
            (firstAt, lastAt) = (Math.Min(firstAt, block.FirstAt), Math.Max(lastAt, block.LastAt));
        }
        return new(series.Series.Id, kind, series.Persisted[kind], firstAt, lastAt, buffer.ToArray());
    }

    private void RestoreState(Series series, byte[] state, int[,] stored)
    {
        Span<int> blocks = stackalloc int[SegmentKinds.Count];
        SeriesState.Restore(series, state, blocks, _points);
        for (var kind = 0; kind < SegmentKinds.Count; kind++)
            stored[series.Id - 1, kind] = blocks[kind];
    }

    /// <summary>Brings the blocks that were stored last back into memory, as many as the budget holds.</summary>
    private void LoadNewestBlocks(int[,] stored)
    {
        var loaded = new List<(BlockList List, Block[] Blocks)>();
        var isComplete = true;
        var byList = new Dictionary<BlockList, List<Block[]>>();
        foreach (var segment in _tables.SegmentsBackwards())
        {
            if (_cachedBytes > _cacheBytes / 8 * 7)
            {
                isComplete = false;
                break;
            }
            if (segment.Series < 1 || segment.Series > Index.All.Count || segment.Kind is < 0 or >= SegmentKinds.Count)
                throw new InvalidDataException($"A segment of the read model belongs to series {segment.Series}, which does not exist.");
            var list = Index.All[segment.Series - 1].Blocks[segment.Kind];
            var blocks = segment.Blocks().ToArray();
            _cachedBytes += blocks.Sum(b => (long)b.Size);
            loaded.Add((list, blocks));
            if (!byList.TryGetValue(list, out var parts))
                byList.Add(list, parts = []);
            parts.Add(blocks);
        }
        for (var i = loaded.Count - 1; i >= 0; i--)
        {
            foreach (var _ in loaded[i].Blocks)
                _cached.Enqueue(loaded[i].List);
        }
        foreach (var series in Index.All.Items.Span)
        {
            foreach (var list in series.Blocks)
            {
                var cached = Enumerable.Reverse(byList.GetValueOrDefault(list, [])).SelectMany(b => b).ToArray();
                if (cached.Length > stored[series.Id - 1, list.Kind] || (isComplete && cached.Length < stored[series.Id - 1, list.Kind]))
                    throw new InvalidDataException($"Series {series.Id} of the read model should have {stored[series.Id - 1, list.Kind]} blocks, not {cached.Length}.");
                var latest = cached.Length < stored[series.Id - 1, list.Kind] ? series.Summary.LastAt : long.MinValue;
                for (var i = 0; i < cached.Length; i++)
                    cached[i] = cached[i] with { LatestSoFar = latest = Math.Max(latest, cached[i].LastAt) };
                list.Restore(stored[series.Id - 1, list.Kind], series.Summary.LastAt, cached);
            }
        }
    }
}
