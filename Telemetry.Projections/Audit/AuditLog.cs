using Telemetry.Domain.Audit;

namespace Telemetry.Projections.Audit;

/// <summary>Signs the tree's checkpoints and keeps them, with the cosignatures of witnesses.</summary>
/// <param name="witnesses">The keys whose cosignatures are taken.</param>
public sealed class AuditLog(IAuditTree tree, ICheckpoints checkpoints, NoteSigner signer, IReadOnlyList<NoteVerifier> witnesses)
{
    private readonly Lock _publishing = new();

    public IAuditTree Tree => tree;

    /// <summary>The log's name: the first line of its checkpoints, and the name of its key.</summary>
    public string Origin => signer.Verifier.KeyName;

    /// <summary>The public key that checkpoints are verified with.</summary>
    public NoteVerifier Verifier => signer.Verifier;

    /// <summary>The last checkpoint that was signed; null where there is none yet.</summary>
    public KeptCheckpoint? Latest() => checkpoints.Latest();

    /// <summary>Every checkpoint that was signed, by ascending size.</summary>
    public IReadOnlyList<KeptCheckpoint> Checkpoints() => checkpoints.All();

    /// <summary>Signs the tree as it is now; where it has not grown, the last checkpoint is given again.</summary>
    /// <exception cref="AuditException">The tree does not follow from the last checkpoint: it is shorter, or has other leaves. Nothing is signed.</exception>
    public KeptCheckpoint Publish()
    {
        lock (_publishing)
        {
            var latest = checkpoints.Latest();
            var (size, position) = Consistent();
            var nodes = tree.Nodes;
            if (latest is not null)
            {
                if (checkpoints.AreShared && latest.Size > size && latest.Position > position)
                    return latest; // another process has read more of the log
                if (latest.Size > size)
                    throw new AuditException($"The log has {size} leaves, the checkpoint at size {latest.Size} was signed before: the log was rolled back.");
                if (MerkleProof.RootOf(0, latest.Size, nodes) != latest.Checkpoint.Root)
                    throw new AuditException($"The log's first {latest.Size} leaves are not those of the checkpoint that was signed for them.");
                if (latest.Size == size)
                    return latest;
            }
            var kept = new KeptCheckpoint(size, position, signer.Sign(new Checkpoint(Origin, size, MerkleProof.RootOf(0, size, nodes)).ToString()));
            return checkpoints.Keep(kept);
        }
    }

    /// <summary>The first checkpoint of a tree that has the event at a position, with this log's own signature alone: whenever it is asked for the same. Signed now where there is none yet.</summary>
    /// <returns>Null where the tree does not have the event yet.</returns>
    /// <exception cref="AuditException">As of <see cref="Publish"/>.</exception>
    public SignedNote? Covering(long position)
    {
        if (checkpoints.Covering(position) is not { } kept)
        {
            Publish();
            if (checkpoints.Covering(position) is not { } published)
                return null;
            kept = published;
        }
        return new(kept.Note.Text, kept.Note.Verify(signer.Verifier));
    }

    /// <summary>Takes a checkpoint back with the cosignatures of witnesses.</summary>
    /// <returns>The checkpoint as it is served now.</returns>
    /// <exception cref="AuditException">It is not a checkpoint of this log, or no known witness cosigned it.</exception>
    public KeptCheckpoint Cosign(SignedNote note)
    {
        lock (_publishing)
        {
            try
            {
                var size = Checkpoint.Parse(note.Text).Size;
                if (checkpoints.Find(size) is not { } kept || kept.Note.Text != note.Text)
                    throw new AuditException("The checkpoint is none that this log has signed.");
                if (witnesses.Count == 0)
                    throw new AuditException("This log knows no witnesses.");
                var cosigned = note.Verify(witnesses).Aggregate(kept.Note, (n, s) => n.With(s));
                return checkpoints.Keep(kept with { Note = cosigned });
            }
            catch (Exception e) when (e is FormatException or NoteException)
            {
                throw new AuditException(e.Message, e);
            }
        }
    }

    /// <summary>Signs a result that was worked out of the log: a note of <c>telemetry/rating/v1</c> and the SHA-256 of its bytes in base 64.</summary>
    /// <remarks>No checkpoint reads like it, so that neither can be taken for the other.</remarks>
    public SignedNote SignRating(ReadOnlySpan<byte> result) => signer.Sign($"telemetry/rating/v1\nsha256 {Digest.Of(result)}\n");

    /// <summary>The tree's size and position, as they were together.</summary>
    private (long Size, long Position) Consistent()
    {
        while (true)
        {
            var size = tree.Size;
            var position = tree.Position;
            if (tree.Size == size && tree.PositionOf(size - 1) is var last && (last is null ? size == 0 : last == position))
                return (size, position);
        }
    }
}

/// <summary>The audit log refuses something; the message says why.</summary>
public sealed class AuditException(string message, Exception? cause = null) : Exception(message, cause);
