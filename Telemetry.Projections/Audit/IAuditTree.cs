using Telemetry.Domain.Audit;

namespace Telemetry.Projections.Audit;

/// <summary>The Merkle tree over the log, as far as it has been built.</summary>
public interface IAuditTree
{
    /// <summary>How many leaves it has.</summary>
    long Size { get; }

    /// <summary>The position of the last event that is in it.</summary>
    long Position { get; }

    /// <summary>Reads nodes as they are now; take a new one for every proof.</summary>
    IMerkleNodes Nodes { get; }

    /// <summary>The nodes of a tile, 32 bytes each; empty where there is none.</summary>
    ReadOnlyMemory<byte> ReadTile(int level, long index);

    /// <summary>The leaf of the event at a position; null where the tree does not have it.</summary>
    long? LeafOf(long position);

    /// <summary>The position of the event that a leaf is of; null where there is no such leaf.</summary>
    long? PositionOf(long leaf);
}
