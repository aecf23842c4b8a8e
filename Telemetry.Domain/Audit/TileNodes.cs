namespace Telemetry.Domain.Audit;

/// <summary>Reads any node of a tree out of its tiles.</summary>
/// <param name="read">The nodes kept of a tile, 32 bytes each; empty where there is none.</param>
public sealed class TileNodes(Func<int, long, ReadOnlyMemory<byte>> read) : IMerkleNodes
{
    // A proof asks for neighbours in the same few tiles.
    private readonly Dictionary<(int Level, long Index), ReadOnlyMemory<byte>> _seen = [];

    public Digest Read(int level, long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(level);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var (tileLevel, below) = (level / 8, level % 8);
        var first = index << below; // of the 2^below nodes of the tile's level that the wanted node covers
        var (tileIndex, offset, count) = (first / Tile.FullWidth, (int)(first % Tile.FullWidth), 1 << below);
        if (!_seen.TryGetValue((tileLevel, tileIndex), out var tile))
            _seen[(tileLevel, tileIndex)] = tile = read(tileLevel, tileIndex);
        if (tile.Length < (offset + count) * Digest.Length)
            throw new InvalidDataException($"Tile {new Tile(tileLevel, tileIndex)} has {tile.Length / Digest.Length} nodes, {offset + count} are needed.");
        return RootOf(tile.Span.Slice(offset * Digest.Length, count * Digest.Length));
    }

    /// <summary>The root over nodes, 32 bytes each, of which there is a power of two; of a full tile the node above it.</summary>
    public static Digest RootOf(ReadOnlySpan<byte> nodes) => nodes.Length == Digest.Length
        ? new Digest(nodes)
        : MerkleTree.NodeHash(RootOf(nodes[..(nodes.Length / 2)]), RootOf(nodes[(nodes.Length / 2)..]));
}
