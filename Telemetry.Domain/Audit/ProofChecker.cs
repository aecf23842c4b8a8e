namespace Telemetry.Domain.Audit;

/// <summary>What a proof proved.</summary>
/// <param name="Event">The event, by its leaf.</param>
/// <param name="Part">What it says, in the stream that the proof is of.</param>
/// <param name="Version">Its version in that stream.</param>
/// <param name="Signer">Who signed it; null where the proof does not show it.</param>
public sealed record ProofFindings(Checkpoint Checkpoint, CanonicalEvent Event, DecodedPart Part, long Version, SigningKeyEvent.KeyRegistered? Signer);

/// <summary>Checks proofs with nothing but the log's public key.</summary>
public static class ProofChecker
{
    /// <exception cref="ProofException">The proof proves nothing; the message says why.</exception>
    public static ProofFindings Check(EventProof proof, params IReadOnlyCollection<NoteVerifier> keys)
    {
        try
        {
            proof.Checkpoint.Verify(keys);
            var checkpoint = Checkpoint.Parse(proof.Checkpoint.Text);
            var (@event, part) = CheckEvent(proof.Event, checkpoint, "event");
            if (proof.Sample is { } sample && (sample < 0 || sample >= (part.Samples?.Volumes.Length ?? 0)))
                throw new ProofException($"Sample {sample} is not in what the proof shows.");
            var signer = proof.Signature is { } signature ? CheckSignature(signature, proof.Event, @event, part.Samples, checkpoint) : null;
            return new(checkpoint, @event, part, @event.Parts[proof.Event.Part].Version, signer);
        }
        catch (Exception e) when (e is FormatException or NoteException or OverflowException)
        {
            throw new ProofException(e.Message, e);
        }
    }

    private static (CanonicalEvent Event, DecodedPart Part) CheckEvent(ProvenEvent proven, Checkpoint checkpoint, string what)
    {
        if (!MerkleProof.VerifyInclusion(MerkleTree.LeafHash(proven.Leaf.Span), proven.Index, checkpoint.Size, proven.Path, checkpoint.Root))
            throw new ProofException($"The {what}'s leaf {proven.Index} is not in the tree of the checkpoint.");
        var @event = CanonicalEvent.Decode(proven.Leaf.Span);
        var part = DecodedPart.Decode(proven.Payload);
        return proven.Part >= 0 && proven.Part < @event.Parts.Count && part.Digest == @event.Parts[proven.Part].Digest
            ? (@event, part)
            : throw new ProofException($"The {what}'s payload is not the one that its leaf has the digest of.");
    }

    private static SigningKeyEvent.KeyRegistered CheckSignature(ProvenSignature proven, ProvenEvent provenEvent, CanonicalEvent @event, DecodedShare? samples, Checkpoint checkpoint)
    {
        if (@event.Metadata.Signature is not { } header)
            throw new ProofException("The event is not signed.");
        var signature = BatchSignature.Parse(header);
        var (key, keyPart) = CheckEvent(proven.Key, checkpoint, "key");
        if (keyPart.Json is not { } json || SigningKeyEvents.Read(key.Type, json) is not SigningKeyEvent.KeyRegistered registered
            || registered.Id != signature.KeyId || keyPart.Stream != SigningKey.StreamOf(signature.KeyId))
            throw new ProofException($"The proof does not show how key '{signature.KeyId}' was registered.");
        if (proven.Key.Index >= provenEvent.Index)
            throw new ProofException($"Key '{signature.KeyId}' was registered after the event.");
        if (registered.ProjectId is not null && samples?.Series.FirstOrDefault(s => s.ProjectId != registered.ProjectId) is { } foreign)
            throw new ProofException($"Key '{signature.KeyId}' is for project '{registered.ProjectId}', a sample is of '{foreign.ProjectId}'.");
        if (!P256.IsPublicKey(registered.PublicKey.Span))
            throw new ProofException($"The public key of '{signature.KeyId}' is not on the curve P-256.");
        var isValid = signature.Over == SignedContent.Streams
            ? samples is not null && signature.VerifyStreams(registered.PublicKey.Span, @event.Parts.Select(p => p.Digest))
            : proven.Body is { } body && signature.VerifyBody(registered.PublicKey.Span, body.Span);
        return isValid ? registered : throw new ProofException($"The signature by key '{signature.KeyId}' is wrong.");
    }
}
