using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Stores;

/// <summary>The tables of one generation of the audit log's tree: its tiles, and where in the log the leaves of each lowest tile lie.</summary>
internal interface IAuditTables : IProjectionTables
{
    /// <summary>Stores tiles and, for the live generation, how far they are complete; all of it or nothing.</summary>
    /// <exception cref="ReadModelTakenException">Another process has stored the projection.</exception>
    void Write(IReadOnlyList<AuditTile> tiles, long position, bool live);

    /// <summary>The nodes of a tile; empty where there is none.</summary>
    byte[] Nodes(int level, long index);

    /// <summary>The positions of the leaves of a lowest tile, 8 bytes each; empty where there is none.</summary>
    byte[] Positions(long index);

    /// <summary>The last lowest tile, null where there is none.</summary>
    long? LastTile();

    /// <summary>The first lowest tile that can hold the first leaf of an event, null where all begin after it.</summary>
    long? TileBefore(long position);
}
