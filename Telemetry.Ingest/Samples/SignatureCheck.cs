using System.Collections.Concurrent;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Samples;

/// <summary>What a sender signed.</summary>
/// <param name="Body">Of a signature over the body: its bytes, unpacked; they are kept.</param>
public sealed record BatchEvidence(BatchSignature Signature, ReadOnlyMemory<byte> Body, string? ContentType);

/// <summary>Settings of senders' signatures, section <c>Telemetry:Ingest:Signatures</c>.</summary>
public sealed class SignatureOptions
{
    /// <summary>The sources, such as <c>rest</c>, whose samples are refused unless the batch is signed, or each of them by an HMAC. Default: none.</summary>
    public IList<string> Required { get; } = [];
}

/// <summary>Verifies senders' signatures before anything is stored.</summary>
public sealed class SignatureCheck(IEventStore log, SignatureOptions options)
{
    private readonly ConcurrentBag<EventHasher> _hashers = []; // as many as there are checks at a time

    /// <summary>Passes a batch whose signature is right, and one without where none is needed.</summary>
    /// <param name="source">What brings the batch in, such as <c>rest</c>.</param>
    /// <param name="evidence">Null where the batch is not signed; then it is enough that each of its samples is.</param>
    /// <exception cref="SignatureRefusedException">The message says what is wrong.</exception>
    public async Task DemandAsync(string source, BatchEvidence? evidence, ParsedSamples samples, CancellationToken ct)
    {
        if (evidence is null)
        {
            if (options.Required.Contains(source) && !samples.IsSigned)
                throw new SignatureRefusedException($"Samples over {source} must be signed: {BatchSignature.HeaderName} is missing.");
            return;
        }
        var signature = evidence.Signature;
        var (key, _) = await log.ReadKeyAsync(signature.KeyId, ct: ct);
        if (key is not SigningKey.Active active)
            throw new SignatureRefusedException($"Key '{signature.KeyId}' is {(key is SigningKey.Revoked ? "revoked" : "not registered")}.");
        if (samples.Batch.Series.FirstOrDefault(s => !active.MaySignFor(s.ProjectId)) is { } foreign)
            throw new SignatureRefusedException($"Key '{signature.KeyId}' signs for project '{active.ProjectId}', a sample is of '{foreign.ProjectId}'.");
        var isRight = signature.Over == SignedContent.Body
            ? signature.VerifyBody(active.PublicKey.Span, evidence.Body.Span)
            : signature.VerifyStreams(active.PublicKey.Span, DigestsOf(samples.Batch));
        if (!isRight)
            throw new SignatureRefusedException($"The signature by key '{signature.KeyId}' is not of this {(signature.Over == SignedContent.Body ? "body" : "batch as it would be stored")}.");
    }

    private IReadOnlyList<Digest> DigestsOf(SampleBatch batch)
    {
        var hasher = _hashers.TryTake(out var free) ? free : new();
        var digests = hasher.DigestsOf(batch);
        _hashers.Add(hasher);
        return digests;
    }
}

/// <summary>A batch's signature is wrong, or missing; nothing was stored.</summary>
public sealed class SignatureRefusedException(string message) : Exception(message);
