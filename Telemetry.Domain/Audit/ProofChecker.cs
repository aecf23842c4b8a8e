namespace Telemetry.Domain.Audit;

/// <summary>What a proof proved.</summary>
/// <param name="Event">The event, by its leaf.</param>
/// <param name="Samples">What it says, where the proof shows samples; else null.</param>
/// <param name="Signer">Who signed it; null where the proof does not show it.</param>
public sealed record ProofFindings(Checkpoint Checkpoint, CanonicalEvent Event, DecodedShare? Samples, SigningKeyEvent.KeyRegistered? Signer);

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
            var @event = CheckEvent(proof.Event, checkpoint, "event");
            DecodedShare? samples = null;
            if (@event.Content == CanonicalContent.Samples && proof.Event.Payload is { } payload)
                samples = CanonicalSamples.Decode(payload.Span);
            if (samples is not null && samples.Stream != @event.Stream.ToString())
                throw new ProofException($"The samples are of stream '{samples.Stream}', the event of '{@event.Stream}'.");
            if (proof.Sample is { } sample && (samples is null || sample < 0 || sample >= samples.Volumes.Length))
                throw new ProofException($"Sample {sample} is not in what the proof shows.");
            return new(checkpoint, @event, samples, proof.Signature is { } signature ? CheckSignature(signature, proof.Event, @event, samples, checkpoint) : null);
        }
        catch (Exception e) when (e is FormatException or NoteException or OverflowException)
        {
            throw new ProofException(e.Message, e);
        }
    }

    private static CanonicalEvent CheckEvent(ProvenEvent proven, Checkpoint checkpoint, string what)
    {
        if (!MerkleProof.VerifyInclusion(MerkleTree.LeafHash(proven.Leaf.Span), proven.Index, checkpoint.Size, proven.Path, checkpoint.Root))
            throw new ProofException($"The {what}'s leaf {proven.Index} is not in the tree of the checkpoint.");
        var @event = CanonicalEvent.Decode(proven.Leaf.Span);
        if (proven.Payload is { } payload && Digest.Of(payload.Span) != @event.Payload)
            throw new ProofException($"The {what}'s payload is not the one that its leaf has the digest of.");
        return @event;
    }

    private static SigningKeyEvent.KeyRegistered CheckSignature(ProvenSignature proven, ProvenEvent provenEvent, CanonicalEvent @event, DecodedShare? samples, Checkpoint checkpoint)
    {
        if (@event.Metadata.Signature is not { } header)
            throw new ProofException("The event is not signed.");
        var signature = BatchSignature.Parse(header);
        var key = CheckEvent(proven.Key, checkpoint, "key");
        if (proven.Key.Payload is not { } payload || key.Content != CanonicalContent.Json
            || SigningKeyEvents.Read(key.Type, payload) is not SigningKeyEvent.KeyRegistered registered
            || registered.Id != signature.KeyId || key.Stream != SigningKey.StreamOf(signature.KeyId))
            throw new ProofException($"The proof does not show how key '{signature.KeyId}' was registered.");
        if (proven.Key.Index >= provenEvent.Index)
            throw new ProofException($"Key '{signature.KeyId}' was registered after the event.");
        if (registered.ProjectId is not null && samples?.Series.FirstOrDefault(s => s.ProjectId != registered.ProjectId) is { } foreign)
            throw new ProofException($"Key '{signature.KeyId}' is for project '{registered.ProjectId}', a sample is of '{foreign.ProjectId}'.");
        if (!P256.IsPublicKey(registered.PublicKey.Span))
            throw new ProofException($"The public key of '{signature.KeyId}' is not on the curve P-256.");
        var isValid = signature.Over switch
        {
            SignedContent.Body => proven.Body is { } body && signature.VerifyBody(registered.PublicKey.Span, body.Span),
            _ => MerkleProof.RootFrom(BatchSignature.LeafOf(@event.Payload), proven.ShareIndex, proven.ShareCount, proven.SharePath) is { } root
                && signature.VerifyRoot(registered.PublicKey.Span, root),
        };
        return isValid ? registered : throw new ProofException($"The signature by key '{signature.KeyId}' is wrong.");
    }
}
