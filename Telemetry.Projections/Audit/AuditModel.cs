using System.Runtime.InteropServices;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Audit;

/// <summary>One generation of the audit log's tree: what is stored, and what was appended since.</summary>
/// <remarks>One thread applies; <see cref="Flush"/> and readers run beside it. Memory: the tiles since the last flush, 10 KB for 256 leaves.</remarks>
internal sealed class AuditModel(IAuditTables tables) : IStoredModel
{
    private readonly Lock _lock = new();
    private readonly EventHasher _hasher = new();
    private readonly List<Growing> _growing = []; // the rightmost tile of each level, never full
    private readonly Dictionary<(int Level, long Index), AuditTile> _unflushed = []; // full ones that are not stored yet
    private long _flushedSize;
    private long _storedPosition;

    public IProjectionTables Tables => tables;

    /// <summary>How many leaves the tree has.</summary>
    public long Size { get; private set; }

    /// <summary>The position of the last event that is in the tree.</summary>
    public long Position { get; private set; }

    /// <summary>Leaves that are not stored yet.</summary>
    public long Unflushed => Size - Volatile.Read(ref _flushedSize);

    public IReadOnlyList<long> Stored => [Volatile.Read(ref _storedPosition)];

    public bool Load()
    {
        if (tables.Positions() is not [var position])
            return false;
        (Position, _storedPosition) = (position, position);
        if (tables.LastTile() is not { } last)
            return true;
        Size = (last * Tile.FullWidth) + (tables.Positions(last).Length / sizeof(long));
        for (var level = 0; Size >> (8 * level) > 0; level++)
        {
            var count = Size >> (8 * level);
            var (index, width) = (count / Tile.FullWidth, (int)(count % Tile.FullWidth));
            var growing = new Growing(level, index);
            if (width > 0)
                growing.Restore(tables.Nodes(level, index), level == 0 ? tables.Positions(index) : null, width);
            _growing.Add(growing);
        }
        _flushedSize = Size;
        return true;
    }

    /// <summary>The tree is the same in every process: the full tiles that are stored are in the tables.</summary>
    public bool Follow()
    {
        if (tables.Positions() is not [var position])
            return false;
        lock (_lock)
        {
            var unstored = _unflushed.Values.Where(t => t.Level == 0).Append(_growing.FirstOrDefault()?.ToTile()).Sum(
                tile => tile is null ? 0 : MemoryMarshal.Cast<byte, long>(tile.Positions).Length - Below(tile, position));
            Forget(Size - unstored, position);
        }
        return true;

        static int Below(AuditTile tile, long position)
        {
            var count = 0;
            foreach (var of in MemoryMarshal.Cast<byte, long>(tile.Positions))
                count += of <= position ? 1 : 0;
            return count;
        }
    }

    /// <summary>Appends an event's leaf.</summary>
    public void Apply(RecordedEvent recorded)
    {
        var leaf = _hasher.LeafHash(recorded);
        lock (_lock)
        {
            Append(0, leaf, recorded.Position);
            (Size, Position) = (Size + 1, recorded.Position);
        }
    }

    public void Flush(IReadOnlyList<int> ranges, bool live, bool whole = true)
    {
        List<AuditTile> tiles;
        long position, size;
        lock (_lock)
        {
            (position, size) = (Position, Size);
            tiles = [.. _unflushed.Values, .. _growing.Where(g => g.Width > 0).Select(g => g.ToTile())];
        }
        tables.Write(tiles, position, live);
        lock (_lock)
            Forget(size, position);
    }

    /// <summary>Readers hold nothing.</summary>
    public Task RetireAsync() => Task.CompletedTask;

    /// <summary>The nodes that a tile has so far; empty where there is none.</summary>
    public ReadOnlyMemory<byte> Nodes(int level, long index)
    {
        lock (_lock)
        {
            if (_unflushed.TryGetValue((level, index), out var tile))
                return tile.Nodes;
            if (level < _growing.Count && _growing[level].Index == index)
                return _growing[level].ToTile().Nodes;
        }
        return tables.Nodes(level, index);
    }

    /// <summary>The leaf of the event at a position; null where the tree does not have it.</summary>
    public long? LeafOf(long position)
    {
        long[] starts;
        lock (_lock)
            starts = [.. _unflushed.Values.Where(t => t.Level == 0).Select(t => t.Index), .. _growing.Take(1).Select(g => g.Index)];
        var stored = tables.TileBefore(position);
        foreach (var index in stored is { } first ? new[] { first, first + 1 }.Union(starts).Order() : starts.Order())
        {
            var found = MemoryMarshal.Cast<byte, long>(Positions(index)).IndexOf(position);
            if (found >= 0)
                return (index * Tile.FullWidth) + found;
        }
        return null;
    }

    /// <summary>The position of the event that a leaf is of.</summary>
    public long? PositionOf(long leaf)
    {
        if (leaf < 0)
            return null;
        var (index, n) = Math.DivRem(leaf, Tile.FullWidth);
        var positions = MemoryMarshal.Cast<byte, long>(Positions(index));
        return n < positions.Length ? positions[(int)n] : null;
    }

    /// <summary>Leaves to the tables the full tiles of a tree of some size, which they hold.</summary>
    private void Forget(long size, long position)
    {
        foreach (var (level, index) in _unflushed.Keys.Where(tile => (tile.Index + 1) << (8 * (tile.Level + 1)) <= size).ToList())
            _unflushed.Remove((level, index));
        Volatile.Write(ref _flushedSize, size);
        Volatile.Write(ref _storedPosition, position);
    }

    private byte[] Positions(long index)
    {
        lock (_lock)
        {
            if (_unflushed.TryGetValue((0, index), out var tile))
                return tile.Positions!;
            if (_growing.Count > 0 && _growing[0].Index == index)
                return _growing[0].ToTile().Positions!;
        }
        return tables.Positions(index);
    }

    private void Append(int level, Digest node, long position)
    {
        if (level == _growing.Count)
            _growing.Add(new(level, 0));
        var growing = _growing[level];
        growing.Add(node, position);
        if (growing.Width < Tile.FullWidth)
            return;
        var full = growing.ToTile();
        _unflushed[(level, full.Index)] = full;
        growing.Next();
        Append(level + 1, TileNodes.RootOf(full.Nodes), position);
    }

    /// <summary>A tile at the right edge.</summary>
    private sealed class Growing(int level, long index)
    {
        private readonly byte[] _nodes = new byte[Tile.FullWidth * Digest.Length];
        private readonly long[]? _positions = level == 0 ? new long[Tile.FullWidth] : null;

        public long Index { get; private set; } = index;

        public int Width { get; private set; }

        public void Restore(byte[] nodes, byte[]? positions, int width)
        {
            if (nodes.Length < width * Digest.Length || (positions is not null && positions.Length < width * sizeof(long)))
                throw new InvalidDataException($"Tile {new Tile(level, Index)} has {nodes.Length / Digest.Length} nodes, not {width}.");
            nodes.AsSpan(0, width * Digest.Length).CopyTo(_nodes);
            positions.AsSpan(0, positions is null ? 0 : width * sizeof(long)).CopyTo(MemoryMarshal.AsBytes(_positions.AsSpan()));
            Width = width;
        }

        public void Add(Digest node, long position)
        {
            node.CopyTo(_nodes.AsSpan(Width * Digest.Length));
            if (_positions is not null)
                _positions[Width] = position;
            Width++;
        }

        public void Next() => (Index, Width) = (Index + 1, 0);

        public AuditTile ToTile() => new(
            level, Index, _nodes[..(Width * Digest.Length)], _positions is null ? null : MemoryMarshal.AsBytes(_positions.AsSpan(0, Width)).ToArray());
    }
}
