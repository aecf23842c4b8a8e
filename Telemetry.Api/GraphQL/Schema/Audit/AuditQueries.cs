using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;

namespace Telemetry.Api.GraphQL.Schema.Audit;

/// <summary>A signed state of the audit log's tree.</summary>
/// <param name="TreeSize">How many leaves it has.</param>
/// <param name="RootHash">What they come to.</param>
/// <param name="At">When the newest event in it was recorded.</param>
/// <param name="Signature">The checkpoint with its signatures, as `GET /v2/audit/checkpoint` gives it.</param>
internal sealed record TreeHead(long TreeSize, byte[] RootHash, DateTimeOffset At, string Signature);

/// <summary>That an event is in the tree. Source: RFC 9162, 2.1.3.</summary>
/// <param name="LeafIndex">Its place, from 0.</param>
/// <param name="LeafHash">Of what its stream says of it.</param>
/// <param name="Path">The nodes from the leaf up.</param>
/// <param name="Head">The tree.</param>
internal sealed record InclusionProof(long LeafIndex, byte[] LeafHash, IReadOnlyList<byte[]> Path, TreeHead Head);

/// <summary>That one tree grew into another. Source: RFC 9162, 2.1.4.</summary>
/// <param name="From">The smaller tree.</param>
/// <param name="To">The larger tree.</param>
/// <param name="Path">The nodes.</param>
internal sealed record ConsistencyProof(TreeHead From, TreeHead To, IReadOnlyList<byte[]> Path);

[QueryType]
internal static class AuditQueries
{
    /// <summary>The last signed state of the audit log; an error where the server keeps none.</summary>
    public static Task<TreeHead> GetAuditHeadAsync(IServiceProvider services, IEventStore log, CancellationToken ct)
    {
        var audit = Demand(services);
        return HeadAsync(audit.Latest() ?? audit.Publish(), log, ct);
    }

    /// <summary>A proof that an event is in the log; null where the caller can see no such event.</summary>
    /// <param name="entry">The `id` of an event, or of a sample.</param>
    /// <param name="treeSize">Of a signed tree that has it; without it the last one.</param>
    public static async Task<InclusionProof?> GetAuditProofAsync(
        [ID] string entry, [GlobalState] Caller caller, IServiceProvider services, IEventStore log, CancellationToken ct, long? treeSize = null)
    {
        var audit = Demand(services);
        var scope = caller.Scope();
        if (await services.GetRequiredService<Prover>().ProveAsync(GlobalIds.KeyOf(entry, "Sample") ?? entry, null, s => scope.IsVisible(s), ct) is not { } proof)
            return null;
        var leafHash = MerkleTree.LeafHash(proof.Event.Leaf.Span);
        var size = Checkpoint.Parse(proof.Checkpoint.Text).Size;
        var head = await HeadAsync(treeSize ?? size, audit, log, ct);
        if (treeSize <= proof.Event.Index)
            throw Refused.BadInput($"The event is leaf {proof.Event.Index}, which the tree of size {treeSize} does not have.");
        var path = treeSize is null || treeSize == size ? proof.Event.Path : MerkleProof.Inclusion(proof.Event.Index, head.TreeSize, audit.Tree.Nodes);
        return new(proof.Event.Index, leafHash.ToArray(), Bytes(path), head);
    }

    /// <summary>A proof that the log only grew between two signed trees.</summary>
    /// <param name="from">The size of the smaller tree.</param>
    /// <param name="to">The size of the larger tree.</param>
    public static async Task<ConsistencyProof?> GetAuditConsistencyAsync(long from, long to, IServiceProvider services, IEventStore log, CancellationToken ct)
    {
        var audit = Demand(services);
        if (from > to)
            throw Refused.BadInput($"\"from\" is at most \"to\", not {from} of {to}.");
        var (smaller, larger) = (await HeadAsync(from, audit, log, ct), await HeadAsync(to, audit, log, ct));
        return new(smaller, larger, Bytes(MerkleProof.Consistency(from, to, audit.Tree.Nodes)));
    }

    private static AuditLog Demand(IServiceProvider services) => services.GetService<AuditLog>()
        ?? throw new GraphQLException(new Error("This server keeps no audit log: Telemetry:Audit:Enabled is not set.") { Code = Refused.Unavailable });

    private static Task<TreeHead> HeadAsync(long size, AuditLog audit, IEventStore log, CancellationToken ct) =>
        HeadAsync(audit.Checkpoints().FirstOrDefault(c => c.Size == size) ?? throw Refused.BadInput($"No checkpoint was signed for a tree of size {size}."), log, ct);

    private static async Task<TreeHead> HeadAsync(KeptCheckpoint checkpoint, IEventStore log, CancellationToken ct)
    {
        var at = checkpoint.Position > 0 && await log.FindAsync(checkpoint.Position, ct) is { } newest ? newest.RecordedAt : DateTimeOffset.UnixEpoch;
        return new(checkpoint.Size, Checkpoint.Parse(checkpoint.Note.Text).Root.ToArray(), at, checkpoint.Note.ToString());
    }

    private static IReadOnlyList<byte[]> Bytes(IEnumerable<Digest> nodes) => [.. nodes.Select(n => n.ToArray())];
}
