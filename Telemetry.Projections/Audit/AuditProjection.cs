using Microsoft.Extensions.Logging;
using Telemetry.Domain.Audit;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;

namespace Telemetry.Projections.Audit;

/// <summary>The Merkle tree over all events in log order, kept in tiles. Built again from the log it is the same.</summary>
internal sealed class AuditProjection(IReadModelStore store, ILogger<AuditProjection> log)
    : StoredProjection<AuditModel>(store, ProjectionName, CurrentVersion, FlushLeaves, log), IAuditTree
{
    public const string ProjectionName = "audit";
    private const int CurrentVersion = 2;
    private const double FlushLeaves = 2_000; // after a crash as many events are read again

    private readonly IReadModelStore _store = store;

    public long Size => Model.Size;
    public IMerkleNodes Nodes => new TileNodes(Model.Nodes);

    public ReadOnlyMemory<byte> ReadTile(int level, long index) => Model.Nodes(level, index);

    public long? LeafOf(long position) => Model.LeafOf(position);

    public long? PositionOf(long leaf) => Model.PositionOf(leaf);

    protected override AuditModel NewModel(Generation generation) => new(_store.AuditTables(generation));
}
