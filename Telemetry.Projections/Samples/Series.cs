using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>One series in memory: what is not sealed yet, the newest blocks, and what lists need to know.</summary>
/// <remarks>Written under the model's write lock only.</remarks>
internal sealed class Series
{
    public Series(int id, SeriesKey key)
    {
        Id = id;
        Key = key;
        for (var kind = 0; kind < SegmentKinds.Count; kind++)
            Blocks[kind] = new BlockList(id, kind);
    }

    /// <summary>From 1, in the order of first appearance.</summary>
    public int Id { get; }

    public SeriesKey Key { get; }
    public BlockList[] Blocks { get; } = new BlockList[SegmentKinds.Count];
    public RollupList[] Rollups { get; } = [new(RollupLevels.Hour), new(RollupLevels.Day)];
    public SeriesSummary Summary;

    /// <summary>Whether anything changed since the last flush began.</summary>
    public bool Dirty { get; set; }

    private long[] _times = [];
    private double[] _volumes = [];
    private long[] _origins = [];
    private int[] _metadata = [];
    private int _count;
    private bool _sorted = true;

    public TailView Tail => new(_times, _volumes, _origins, _metadata, _count, _sorted);

    public int TailCount => _count;

    /// <summary>Adds a sample to the tail, which must not be full, and to the summary.</summary>
    public void Append(long at, double volume, long origin, int metadata)
    {
        var n = _count;
        if (n == _times.Length)
            Grow();
        if (n > 0 && at < _times[n - 1])
            _sorted = false;
        _times[n] = at;
        _volumes[n] = volume;
        _origins[n] = origin;
        _metadata[n] = metadata;
        _count = n + 1;
        Summary.Add(at, volume, origin, metadata);
    }

    /// <summary>Packs the tail and begins a new one.</summary>
    /// <param name="shared">Whether a view of the tail is in use: then its arrays are left to it.</param>
    public Block Seal(Points scratch, ByteBuffer buffer, bool shared)
    {
        scratch.Take(Tail);
        buffer.Clear();
        SampleBlock.Write(scratch, buffer);
        if (shared)
            (_times, _volumes, _origins, _metadata) = (new long[_count], new double[_count], new long[_count], new int[_count]);
        (_count, _sorted) = (0, true);
        var lastAt = scratch.Times[scratch.Count - 1];
        var block = new Block(scratch.Times[0], lastAt, Math.Max(lastAt, Blocks[SegmentKinds.Samples].LatestSoFar), buffer.ToArray());
        Blocks[SegmentKinds.Samples].Add(block);
        return block;
    }

    /// <summary>Takes over a stored tail.</summary>
    public void Restore(Points tail)
    {
        _times = tail.Times.AsSpan(0, tail.Count).ToArray();
        _volumes = tail.Volumes.AsSpan(0, tail.Count).ToArray();
        _origins = tail.Origins.AsSpan(0, tail.Count).ToArray();
        _metadata = tail.Metadata.AsSpan(0, tail.Count).ToArray();
        _count = tail.Count;
    }

    private void Grow()
    {
        var capacity = Math.Clamp(_count * 2, 8, Points.Capacity);
        Array.Resize(ref _times, capacity);
        Array.Resize(ref _volumes, capacity);
        Array.Resize(ref _origins, capacity);
        Array.Resize(ref _metadata, capacity);
    }
}

/// <summary>The first and the latest sample of a series.</summary>
internal struct SeriesSummary
{
    public long Count;
    public long FirstAt;
    public long FirstOrigin;

    /// <summary>The latest sample; of equal timestamps the one inserted last.</summary>
    public long LastAt;
    public long LastOrigin;
    public double LastVolume;
    public int LastMetadata;

    public void Add(long at, double volume, long origin, int metadata)
    {
        if (Count++ == 0)
            (FirstAt, FirstOrigin, LastAt) = (at, origin, at);
        if (at >= LastAt)
            (LastAt, LastOrigin, LastVolume, LastMetadata) = (at, origin, volume, metadata);
        else if (at < FirstAt)
            FirstAt = at;
    }
}
