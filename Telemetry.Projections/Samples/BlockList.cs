namespace Telemetry.Projections.Samples;

/// <summary>The sealed blocks of one series and kind, numbered from 0: the newest in memory, older ones only in the store.</summary>
/// <remarks>Written under the model's write lock. A view taken under its read lock stays right: blocks are immutable, slots are never written twice.</remarks>
internal sealed class BlockList(int series, int kind)
{
    private static readonly Block[] None = [];

    private Block[] _items = None;
    private int _start;
    private int _count;

    public int Series => series;

    /// <summary>What the blocks hold: see <see cref="SegmentKinds"/>.</summary>
    public int Kind => kind;

    /// <summary>The number of the oldest block in memory: all before it are read from the store.</summary>
    public int FirstCached { get; private set; }

    /// <summary>The latest sample in blocks that are not in memory.</summary>
    public long EvictedLastAt { get; private set; } = long.MinValue;

    /// <summary>The number that the next block gets.</summary>
    public int Next => FirstCached + _count;

    public long LatestSoFar => _count > 0 ? _items[_start + _count - 1].LatestSoFar : EvictedLastAt;

    public BlockView View => new(this, _items, _start, _count, FirstCached, EvictedLastAt);

    public void Add(Block block)
    {
        if (_start + _count == _items.Length)
        {
            var grown = new Block[Math.Max(4, _count * 2)];
            Array.Copy(_items, _start, grown, 0, _count);
            (_items, _start) = (grown, 0);
        }
        _items[_start + _count++] = block;
    }

    /// <summary>What the list is at start: some blocks in the store, the newest of them in memory.</summary>
    public void Restore(int stored, long evictedLastAt, Block[] cached)
    {
        (_items, _start, _count) = (cached, 0, cached.Length);
        FirstCached = stored - cached.Length;
        EvictedLastAt = FirstCached > 0 ? evictedLastAt : long.MinValue;
    }

    /// <summary>Whether the oldest block in memory can be left to the store, which is complete up to a position.</summary>
    public bool CanEvict(long stored) => _count > 0 && _items[_start].SealedAt <= stored;

    /// <summary>Lets go of the oldest block in memory; <see cref="Trim"/> frees it.</summary>
    public Block Evict()
    {
        var oldest = _items[_start++];
        _count--;
        FirstCached++;
        EvictedLastAt = oldest.LatestSoFar;
        return oldest;
    }

    public void Trim()
    {
        _items = _count == 0 ? None : _items.AsSpan(_start, _count).ToArray();
        _start = 0;
    }
}

/// <summary>What a segment of the store holds; the numbers are stored.</summary>
internal static class SegmentKinds
{
    public const int Samples = 0;
    public const int Count = 1 + RollupLevels.Count;

    public static int Rollups(int level) => 1 + level;
}

/// <summary>The blocks of a list as they were when it was taken.</summary>
internal readonly record struct BlockView(BlockList List, Block[] Items, int Start, int Count, int FirstCached, long EvictedLastAt)
{
    public ReadOnlySpan<Block> Cached => Items.AsSpan(Start, Count);

    /// <summary>The number of the first block that was sealed after a position, which is the next one's where none was.</summary>
    public int FirstAfter(long position)
    {
        var first = Count;
        while (first > 0 && Items[Start + first - 1].SealedAt > position)
            first--;
        return FirstCached + first;
    }
}
