using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples.Columns;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Samples;

/// <summary>The samples' read model: every series with its tail, rollups and newest blocks in memory, the rest in tables.</summary>
/// <remarks>
/// One thread applies events, any number read. An event is applied under the write lock, whole; a reader takes views under the read
/// lock and decodes them outside. Blocks are immutable, and while any reader is inside, arrays that it may see are not used again.
/// </remarks>
#pragma warning disable CA1001 // a late reader may still try the lock of a retired model; it holds no handle
internal sealed partial class SampleModel : IStoredModel
#pragma warning restore CA1001
{
    private const int UnitsPerEvent = 100;
    private const int MaxKnownSeries = 1 << 18;
    private const int MaxKnownMetadata = 1 << 15;

    /// <summary>How many samples ahead a series is asked into the processor's cache: a poll goes through more of them than fit.</summary>
    private const int Ahead = 6;

    private readonly ReaderWriterLockSlim _gate = new();
    private readonly StringPool _strings = new();
    private readonly Queue<BlockList> _cached = new(); // one entry a block in memory, the oldest first

    // What intake and the log share is the same object again and again.
    private readonly IdentityTable<SeriesKey, Series> _knownSeries = new(MaxKnownSeries);
    private readonly IdentityTable<Metadata, int> _knownMetadata = new(MaxKnownMetadata);
    private readonly Points _points = new();
    private readonly ByteBuffer _buffer = new();
    private readonly ISampleTables _tables;
    private readonly long _cacheBytes;
    private readonly long[] _stored; // by range
    private readonly List<Series>[] _dirty; // by range
    private long[] _loaded = []; // by range
    private long _level; // before, some ranges were loaded as they are later
    private List<(long Position, byte[] Filter)> _foreignIds = [];
    private readonly ConditionalWeakTable<SeriesKey[], Series[]> _knownColumns = []; // of batches that repeat their series; all of them exist
    private Series[] _batchSeries = [];
    private Series[] _current = []; // either that, or a known column
    private int[] _batchMetadata = [];
    private long _cachedBytes;
    private long _position;
    private int _readers;
    private TaskCompletionSource? _retired;

    /// <param name="cacheBytes">How much the blocks in memory may take.</param>
    public SampleModel(ISampleTables tables, long cacheBytes)
    {
        _tables = tables;
        _cacheBytes = cacheBytes;
        (_stored, _dirty) = (new long[tables.Ranges], new List<Series>[tables.Ranges]);
        for (var range = 0; range < _dirty.Length; range++)
            _dirty[range] = [];
        Metadata = new(tables.FindMetadata, tables.Metadata);
    }

    /// <summary>The position of the last event that was applied.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>How much was applied since the last flush began: samples, and as many again an event as it costs to read.</summary>
    public long Unflushed { get; private set; }

    public SeriesIndex Index { get; } = new();
    public MetadataTable Metadata { get; }
    public RecentEvents Recent { get; } = new();
    public ISampleTables Tables => _tables;
    IProjectionTables IStoredModel.Tables => _tables;
    public long CachedBytes => Volatile.Read(ref _cachedBytes);

    /// <summary>Adds the samples of an event; one that was applied already is passed over.</summary>
    public void Apply(RecordedEvent recorded)
    {
        if (recorded.Position <= _position)
            return;
        ArgumentOutOfRangeException.ThrowIfGreaterThan(recorded.Position, Origin.MaxPosition);
        if (recorded.Body is not EventBody.Samples { Batch: { Count: > 0 } batch })
        {
            Volatile.Write(ref _position, recorded.Position);
            Unflushed += UnitsPerEvent;
            return;
        }
        Prepare(batch);
        var filter = ForeignIds.FilterOf(batch);
        Recent.Add(EventInfo.Of(recorded));
        _gate.EnterWriteLock();
        try
        {
            Add(batch, recorded.Position);
            if (filter is not null && recorded.Position > _stored[RangeOf(recorded.Position)])
                _foreignIds.Add((recorded.Position, filter));
            Volatile.Write(ref _position, recorded.Position);
            Unflushed += batch.Count + UnitsPerEvent;
            if (_cachedBytes > _cacheBytes)
                Evict();
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <summary>The positions of events that are in no table yet and may hold foreign ids, by their hashes. Under the read lock.</summary>
    public List<(long Position, int Hash)> UnstoredEventsThatMayHold(IReadOnlyList<(ulong, ulong)> hashes) => ForeignIds.ThatMayHold(_foreignIds, hashes);

    /// <summary>Begins to read; dispose it when nothing of what it gave is used any more. Null once the model was retired.</summary>
    public Reading? TryRead()
    {
        _gate.EnterReadLock();
        try
        {
            if (_retired is not null)
                return null;
            Interlocked.Increment(ref _readers);
            return new(this);
        }
        finally
        {
            _gate.ExitReadLock();
        }
    }

    /// <summary>Lets no reader in any more; completes when the last one is gone.</summary>
    public Task RetireAsync()
    {
        _gate.EnterWriteLock();
        try
        {
            _retired ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (Volatile.Read(ref _readers) == 0)
                _retired.TrySetResult();
            return _retired.Task;
        }
        finally
        {
            _gate.ExitWriteLock();
        }
    }

    /// <summary>Looks numbers up outside of the lock: only this thread adds any.</summary>
    private void Prepare(SampleBatch batch)
    {
        if (_batchSeries.Length < batch.Count)
            (_batchSeries, _batchMetadata) = (new Series[batch.Count], new int[batch.Count]);
        var versions = batch.Metadata;
        var numbers = _batchMetadata.AsSpan(0, versions.Length);
        for (var i = 0; i < versions.Length; i++)
            numbers[i] = i > 0 && ReferenceEquals(versions[i], versions[i - 1]) ? numbers[i - 1] : IdOf(versions[i]);
        if (batch.RepeatsSeries && _knownColumns.TryGetValue(batch.Series, out var known))
        {
            _current = known;
            return;
        }
        var keys = batch.Series;
        var series = _batchSeries.AsSpan(0, keys.Length);
        for (var i = 0; i < keys.Length; i++)
            series[i] = i > 0 && ReferenceEquals(keys[i], keys[i - 1]) ? series[i - 1] : Find(keys[i])!;
        _current = _batchSeries;
        if (batch.RepeatsSeries && !series.Contains(null!))
            _knownColumns.Add(batch.Series, series.ToArray());
    }

    private int IdOf(Metadata metadata)
    {
        var hash = metadata.GetHashCode();
        if (!_knownMetadata.TryFind(metadata, hash, out var id))
            _knownMetadata.Add(metadata, hash, id = Metadata.IdOf(metadata));
        return id;
    }

    private Series? Find(SeriesKey key)
    {
        var hash = key.GetHashCode();
        if (_knownSeries.TryFind(key, hash, out var known))
            return known;
        if (Index.Find(key) is not { } series)
            return null;
        _knownSeries.Add(key, hash, series);
        return series;
    }

    private void Add(SampleBatch batch, long position)
    {
        var all = _current.AsSpan(0, batch.Count);
        var isLevel = position > _level;
        for (var i = 0; i < all.Length; i++)
        {
            if (2 * Ahead < all.Length - i)
                all[i + 2 * Ahead]?.PrefetchSelf();
            if (Ahead < all.Length - i)
                all[i + Ahead]?.Prefetch();
            var series = all[i] ?? Index.Find(batch.Series[i]) ?? AddSeries(batch.Series[i]);
            var (at, volume, origin) = (batch.Timestamps[i], batch.Volumes[i], Origin.Of(position, i));
            if (!isLevel && position <= _loaded[RangeOf(series)])
                continue; // it was loaded with that
            if (!series.Dirty)
            {
                series.Dirty = true;
                _dirty[RangeOf(series)].Add(series);
            }
            if (series.TailCount == Points.Capacity)
                Cache(series.Blocks[SegmentKinds.Samples], series.Seal(_points, _buffer, shared: Volatile.Read(ref _readers) > 0, position));
            series.Append(at, volume, origin, _batchMetadata[i]);
            var bucket = RollupLevels.BucketOf(RollupLevels.Hour, at);
            if (series.Hour.Bucket == bucket && series.Hour.Total.Count > 0)
                series.Hour.Add(at, volume, origin);
            else
                AddToAnotherHour(series, bucket, at, volume, origin);
        }
    }

    /// <summary>A late sample goes to its hour and day, where that hour is still open; any other begins a new hour.</summary>
    private void AddToAnotherHour(Series series, long bucket, long at, double volume, long origin)
    {
        var hours = series.Rollups[RollupLevels.Hour];
        var known = hours.IndexOf(bucket);
        var sample = new Rollup { Bucket = bucket };
        sample.Add(at, volume, origin);
        if (known >= 0)
        {
            hours[known].Merge(sample);
            AddToDay(series, sample, Origin.PositionOf(origin));
            return;
        }
        if (series.Hour.Total.Count > 0)
        {
            SealIfFull(series, RollupLevels.Hour, Origin.PositionOf(origin));
            hours.Append(series.Hour);
            AddToDay(series, series.Hour, Origin.PositionOf(origin));
        }
        series.Hour = sample;
    }

    private void AddToDay(Series series, in Rollup hour, long position)
    {
        var days = series.Rollups[RollupLevels.Day];
        var bucket = RollupLevels.Floor(hour.Bucket, 24);
        var known = days.IndexOf(bucket);
        if (known >= 0)
        {
            days[known].Merge(hour);
            return;
        }
        SealIfFull(series, RollupLevels.Day, position);
        days.Append(hour with { Bucket = bucket });
    }

    private void SealIfFull(Series series, int level, long position)
    {
        var rollups = series.Rollups[level];
        if (!rollups.IsFull)
            return;
        var blocks = series.Blocks[SegmentKinds.Rollups(level)];
        Cache(blocks, rollups.Seal(blocks, _buffer, position));
    }

    private int RangeOf(Series series) => RangeOf(SeriesPages.PageOf(series.Id));

    /// <param name="number">Of a page or an event.</param>
    private int RangeOf(long number) => SeriesPages.RangeOf(number, _stored.Length);

    private Series AddSeries(SeriesKey key) => Index.Add(new(
        _strings.Share(key.Meter)!, key.Type, _strings.Share(key.Unit), _strings.Share(key.ResourceId)!,
        _strings.Share(key.ProjectId), _strings.Share(key.UserId), _strings.Share(key.Source)!));

    private void Cache(BlockList list, Block block)
    {
        _cached.Enqueue(list);
        _cachedBytes += block.Size;
    }

    /// <summary>Leaves the oldest blocks to the tables until an eighth of the budget is free, as far as they are stored.</summary>
    private void Evict()
    {
        var touched = new HashSet<BlockList>();
        while (_cachedBytes > _cacheBytes / 8 * 7 && _cached.TryPeek(out var list) && list.CanEvict(_stored[RangeOf(SeriesPages.PageOf(list.Series))]))
        {
            _cached.Dequeue();
            _cachedBytes -= list.Evict().Size;
            touched.Add(list);
        }
        foreach (var list in touched)
            list.Trim();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _readers) == 0)
            Volatile.Read(ref _retired)?.TrySetResult();
    }

    /// <summary>A reader inside the model.</summary>
    public sealed class Reading(SampleModel model) : IDisposable
    {
        private int _left;

        public SampleModel Model => model;

        /// <summary>Looks at the model as it is between two events; what it does is short.</summary>
        public T Look<T>(Func<SampleModel, T> take)
        {
            model._gate.EnterReadLock();
            try
            {
                return take(model);
            }
            finally
            {
                model._gate.ExitReadLock();
            }
        }

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                model.Leave();
        }
    }
}
