using Telemetry.Domain.Audit;
using Telemetry.Domain.Streams;

namespace Telemetry.Projections.Audit;

/// <summary>Verifies senders' signatures as the log has them, each by its key's state at the event's position.</summary>
internal sealed class SignatureVerifier(IEventStore log)
{
    private const int MaxKeys = 100_000;

    private readonly Dictionary<string, List<(long Position, SigningKey Key)>> _keys = [];

    /// <summary>How many signatures were right.</summary>
    public long Verified { get; private set; }

    /// <summary>What is wrong with an event's signature; null where it is right, or there is none.</summary>
    public async Task<string?> ProblemOfAsync(RecordedEvent recorded, CanonicalEvent leaf, CancellationToken ct)
    {
        if (recorded.Metadata.Signature is not { } header)
            return null;
        BatchSignature signature;
        try
        {
            signature = BatchSignature.Parse(header);
        }
        catch (FormatException e)
        {
            return e.Message;
        }
        if (signature.KeyId != recorded.Metadata.Signer)
            return $"The signature is by key '{signature.KeyId}', the event says '{recorded.Metadata.Signer}'.";
        var key = await KeyAsync(signature.KeyId, recorded.Position, ct);
        if (key is not SigningKey.Active active)
            return $"Key '{signature.KeyId}' was {(key is SigningKey.Revoked ? "revoked" : "not registered")} at position {recorded.Position}.";
        var batch = (recorded.Body as EventBody.Samples)?.Batch;
        if (batch?.Series.FirstOrDefault(s => !active.MaySignFor(s.ProjectId)) is { } foreign)
            return $"Key '{signature.KeyId}' is for project '{active.ProjectId}', a sample is of '{foreign.ProjectId}'.";
        var isValid = signature.Over switch
        {
            SignedContent.Streams => batch is not null && signature.VerifyStreams(active.PublicKey.Span, leaf.Parts.Select(p => p.Digest)),
            _ => await SignedBody.FindAsync(log, recorded.Id, ct) is { } body && signature.VerifyBody(active.PublicKey.Span, body),
        };
        if (!isValid)
            return $"The signature by key '{signature.KeyId}' is wrong.";
        Verified++;
        return null;
    }

    private async Task<SigningKey> KeyAsync(string id, long position, CancellationToken ct)
    {
        if (!_keys.TryGetValue(id, out var history))
        {
            if (_keys.Count >= MaxKeys)
                _keys.Clear();
            SigningKey state = new SigningKey.Unknown();
            history = [];
            await foreach (var e in log.ReadStreamAsync(SigningKey.StreamOf(id), ct: ct))
            {
                if (SigningKeyEvents.Read(e.Event) is { } change)
                    history.Add((e.Event.Position, state = SigningKeyDecider.Evolve(state, change)));
            }
            _keys[id] = history;
        }
        return history.LastOrDefault(h => h.Position <= position).Key ?? new SigningKey.Unknown();
    }
}
