namespace Telemetry.Domain.Audit;

/// <summary>An event's place in a tree: enough to work out the tree's root.</summary>
/// <param name="Leaf">The canonical event.</param>
/// <param name="Path">The nodes from the leaf up.</param>
/// <param name="Part">Which of the leaf's parts is shown, from 0; of the others it has digests alone.</param>
/// <param name="Payload">That part: JSON, or a share of samples in canonical form.</param>
public sealed record ProvenEvent(long Index, ReadOnlyMemory<byte> Leaf, IReadOnlyList<Digest> Path, int Part, ReadOnlyMemory<byte> Payload);

/// <summary>That a sender signed what an event says.</summary>
/// <param name="Key">The event by which the sender's key was registered, with its payload.</param>
/// <param name="Body">Of a signature over a body: its bytes; else null.</param>
public sealed record ProvenSignature(ProvenEvent Key, ReadOnlyMemory<byte>? Body);

/// <summary>All that is needed to show, with the log's public key alone, that an event is in the log and who signed it.</summary>
/// <param name="Checkpoint">The signed head of the tree that all events of the proof are in.</param>
/// <param name="Sample">The number within the payload of the sample that is to be proved; null for the event as a whole.</param>
/// <param name="Signature">Null where the event has none, or where it is not to be proved.</param>
public sealed record EventProof(SignedNote Checkpoint, ProvenEvent Event, int? Sample, ProvenSignature? Signature)
{
    /// <summary>The first value of its JSON form.</summary>
    public const string Format = "telemetry/proof/v1";
}

/// <summary>A proof proves nothing; the message says what is wrong with it.</summary>
public sealed class ProofException(string message, Exception? cause = null) : Exception(message, cause);
