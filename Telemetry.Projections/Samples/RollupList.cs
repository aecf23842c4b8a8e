using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>The rollups of one series and level that are in no block yet.</summary>
internal sealed class RollupList(int level)
{
    private Rollup[] _open = [];
    private int _count;
    private long _latest = long.MinValue; // bucket

    public ReadOnlySpan<Rollup> Open => _open.AsSpan(0, _count);

    public bool IsFull => _count == RollupBlock.Capacity;

    public ref Rollup this[int index] => ref _open[index];

    /// <summary>The entry of a bucket, -1 where there is none.</summary>
    public int IndexOf(long bucket)
    {
        for (var i = bucket > _latest ? -1 : _count - 1; i >= 0; i--) // nearly always it is a later one than all there are
        {
            if (_open[i].Bucket == bucket)
                return i;
        }
        return -1;
    }

    /// <summary>Adds an entry; not to a full list.</summary>
    public void Append(in Rollup rollup)
    {
        if (_count == _open.Length)
            Array.Resize(ref _open, Math.Max(2, _count * 2));
        _open[_count++] = rollup;
        _latest = Math.Max(_latest, rollup.Bucket);
    }

    /// <summary>Packs all entries and begins anew.</summary>
    public Block Seal(BlockList into, ByteBuffer buffer, long position)
    {
        buffer.Clear();
        RollupBlock.Write(Open, level, buffer);
        var (firstAt, lastAt) = RollupBlock.SpanOf(Open);
        var block = new Block(firstAt, lastAt, Math.Max(lastAt, into.LatestSoFar), position, buffer.ToArray());
        into.Add(block);
        (_count, _latest) = (0, long.MinValue);
        return block;
    }

    /// <summary>Takes over stored entries.</summary>
    public void Restore(ReadOnlySpan<Rollup> open)
    {
        _open = new Rollup[open.Length];
        foreach (ref readonly var rollup in open)
            Append(rollup);
    }
}
