using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>The rollups of one series and level that are in no block yet.</summary>
internal sealed class RollupList(int level)
{
    private Rollup[] _open = [];
    private int _count;

    public ReadOnlySpan<Rollup> Open => _open.AsSpan(0, _count);

    /// <summary>Adds a sample to its bucket; false where that needs a new entry and there is no room: seal first.</summary>
    public bool TryAdd(long at, double volume, long origin)
    {
        var bucket = RollupLevels.BucketOf(level, at);
        for (var i = _count - 1; i >= 0; i--)
        {
            if (_open[i].Bucket == bucket)
            {
                _open[i].Add(at, volume, origin);
                return true;
            }
        }
        if (_count == RollupBlock.Capacity)
            return false;
        if (_count == _open.Length)
            Array.Resize(ref _open, Math.Max(2, _count * 2));
        _open[_count] = new() { Bucket = bucket };
        _open[_count++].Add(at, volume, origin);
        return true;
    }

    /// <summary>Packs all entries and begins anew.</summary>
    public Block Seal(BlockList into, ByteBuffer buffer)
    {
        buffer.Clear();
        RollupBlock.Write(Open, level, buffer);
        var (firstAt, lastAt) = RollupBlock.SpanOf(Open);
        var block = new Block(firstAt, lastAt, Math.Max(lastAt, into.LatestSoFar), buffer.ToArray());
        into.Add(block);
        _count = 0;
        return block;
    }

    /// <summary>Takes over stored entries.</summary>
    public void Restore(ReadOnlySpan<Rollup> open) => (_open, _count) = (open.ToArray(), open.Length);
}
