using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>Makes proofs that need nothing else to be checked.</summary>
/// <param name="samples">Finds samples by the ids that their senders gave; null where none are looked for.</param>
public sealed class Prover(IEventStore log, AuditLog audit, IMeteringReader? samples = null)
{
    private const int MaxOfOneId = 100;

    /// <summary>Proves an event, a stream's share of it, or a sample.</summary>
    /// <param name="id">Of an event, of a share, or of a sample, as queries show it.</param>
    /// <param name="stream">Which stream's share of an event is meant; null: the sample's, or the first.</param>
    /// <param name="isVisible">Whether the caller may see a stream.</param>
    /// <returns>Null where the caller can see no such event.</returns>
    /// <exception cref="AuditException">The event is not in the tree yet, or the tree cannot be signed.</exception>
    public async Task<EventProof?> ProveAsync(string id, StreamName? stream = null, Func<StreamName, bool>? isVisible = null, CancellationToken ct = default)
    {
        if (Guid.TryParseExact(id, "D", out var uuid) && await log.FindAsync(EventId.Containing(uuid), ct) is { } recorded)
        {
            var (shares, number) = SharesOf(recorded) is { } split ? (split, EventId.IndexOf(uuid)) : (null, 0);
            if ((stream ?? StreamOf(recorded, uuid, shares, number)) is not { } wanted || isVisible?.Invoke(wanted) == false)
                return null;
            var isShare = recorded.Streams.Count > 1 && uuid == recorded.Id.Share(recorded.Streams.ToList().FindIndex(s => s.Stream == wanted));
            return await ProveAsync(recorded, shares, wanted, isShare ? null : number, ct);
        }
        if (samples is null)
            return null;
        // The sender's id. Of several samples of it the one that was stored first and can be seen.
        foreach (var sample in await samples.SamplesAsync(new(Predicate.Equal(Field.MessageId, id), [new(Field.RecordedAt, Descending: false)], MaxOfOneId), ct))
        {
            var own = SampleStreams.For(sample.Series.ProjectId, sample.Timestamp);
            if (own != (stream ?? own) || isVisible?.Invoke(own) == false || await log.FindAsync(sample.Position, ct) is not { Body: EventBody.Samples { Batch: var batch } } holder)
                continue;
            var number = Enumerable.Range(0, batch.Count).First(i => batch.SampleId(holder.Id, i) == id && batch.StreamOf(i) == own);
            return await ProveAsync(holder, SharesOf(holder), own, number, ct);
        }
        return null;
    }

    private static IReadOnlyList<SampleShare>? SharesOf(RecordedEvent recorded) => recorded.Body is EventBody.Samples samples ? SampleShare.Split(samples.Batch) : null;

    /// <param name="shares">Null for an event of JSON.</param>
    /// <param name="number">Of the sample within its batch; null where none is meant.</param>
    private async Task<EventProof?> ProveAsync(RecordedEvent recorded, IReadOnlyList<SampleShare>? shares, StreamName stream, int? number, CancellationToken ct)
    {
        var part = shares is null ? recorded.Streams.ToList().FindIndex(s => s.Stream == stream) : shares.ToList().FindIndex(s => s.Stream == stream);
        if (part < 0)
            return null;
        var checkpoint = Covering(recorded.Position);
        var nodes = audit.Tree.Nodes;
        var payload = shares is null ? CanonicalEvent.EncodeJson(stream, ((EventBody.Json)recorded.Body).Utf8.Span) : CanonicalSamples.Encode(shares[part]);
        int? sample = number is { } n && shares?[part].Indexes.ToList().IndexOf(n) is { } row and >= 0 ? row : null;
        return new(
            checkpoint.Note, Prove(recorded, part, payload, checkpoint.Size, nodes), sample, await ProveSignatureAsync(recorded, checkpoint.Size, nodes, ct));
    }

    private static StreamName? StreamOf(RecordedEvent recorded, Guid id, IReadOnlyList<SampleShare>? shares, int number)
    {
        for (var part = 0; part < recorded.Streams.Count; part++)
        {
            if (recorded.Streams.Count > 1 && recorded.Id.Share(part) == id)
                return recorded.Streams[part].Stream;
        }
        return shares is null ? recorded.Streams[0].Stream : shares.FirstOrDefault(s => s.Indexes.Contains(number))?.Stream;
    }

    private KeptCheckpoint Covering(long position)
    {
        if (audit.Tree.LeafOf(position) is null)
            throw new AuditException($"The event at position {position} is not in the tree yet, which is at position {audit.Tree.Position}.");
        return audit.Latest() is { } latest && latest.Position >= position ? latest : audit.Publish();
    }

    private ProvenEvent Prove(RecordedEvent recorded, int part, ReadOnlyMemory<byte> payload, long size, IMerkleNodes nodes)
    {
        var index = audit.Tree.LeafOf(recorded.Position)!.Value;
        var leaf = CanonicalEvent.Of(recorded);
        return nodes.Read(0, index) == leaf.LeafHash()
            ? new(index, leaf.Encode(), MerkleProof.Inclusion(index, size, nodes), part, payload)
            : throw new AuditException($"The event at position {recorded.Position} is not the one that the tree has as leaf {index}: the log was altered.");
    }

    private async Task<ProvenSignature?> ProveSignatureAsync(RecordedEvent recorded, long size, IMerkleNodes nodes, CancellationToken ct)
    {
        if (recorded.Metadata.Signature is not { } header || !TryParse(header, out var signature) || await RegistrationAsync(signature.KeyId, ct) is not { } registered)
            return null;
        var body = signature.Over == SignedContent.Body ? await SignedBody.FindAsync(log, recorded.Id, ct) : null;
        if (signature.Over == SignedContent.Body && body is null)
            return null;
        var registration = CanonicalEvent.EncodeJson(registered.Streams[0].Stream, ((EventBody.Json)registered.Body).Utf8.Span);
        return new(Prove(registered, 0, registration, size, nodes), body);
    }

    private async Task<RecordedEvent?> RegistrationAsync(string keyId, CancellationToken ct)
    {
        await foreach (var e in log.ReadStreamAsync(SigningKey.StreamOf(keyId), ct: ct))
        {
            if (e.Event.Type == SigningKeyEvents.Registered)
                return e.Event;
        }
        return null;
    }

    private static bool TryParse(string header, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out BatchSignature? signature)
    {
        try
        {
            signature = BatchSignature.Parse(header);
            return true;
        }
        catch (FormatException)
        {
            signature = null; // kept as sent; what is no signature of ours is proved by nobody
            return false;
        }
    }
}
