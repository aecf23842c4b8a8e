using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Samples;

/// <summary>What a sender signed.</summary>
/// <param name="Body">Of a signature over the body: its bytes, unpacked; they are kept.</param>
public sealed record BatchEvidence(BatchSignature Signature, ReadOnlyMemory<byte> Body, string? ContentType);

/// <summary>Settings of senders' signatures, section <c>Telemetry:Ingest:Signatures</c>.</summary>
public sealed class SignatureOptions : IValidatableObject
{
    public const string Section = "Telemetry:Ingest:Signatures";

    private static readonly string[] Sources = ["rest", "amqp", "udp", "tcp"];

    /// <summary>
    /// The sources whose samples are refused unless the batch is signed, or each of them by an HMAC: <c>rest</c> (all of HTTP), <c>amqp</c> (samples of other agents;
    /// what services report is never signed), <c>udp</c> and <c>tcp</c> (whose messages have no place for a signature, so that without secrets all are refused). Default: none.
    /// </summary>
    public IList<string> Required { get; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) => Required.Where(s => !Sources.Contains(s))
        .Select(s => new ValidationResult($"{Section}:Required: '{s}' is no source; there are {string.Join(", ", Sources)}.", [nameof(Required)]));
}

/// <summary>Verifies senders' signatures before anything is stored.</summary>
/// <param name="secrets">By which samples that come over AMQP, UDP and TCP must carry an HMAC.</param>
public sealed class SignatureCheck(IEventStore log, SignatureOptions options, SigningSecrets secrets)
{
    private readonly ConcurrentBag<EventHasher> _hashers = []; // as many as there are checks at a time

    /// <summary>Passes a batch that is signed, and one that is not where none need be.</summary>
    /// <param name="source">What brings the batch in, such as <c>rest</c>.</param>
    /// <param name="evidence">Null where the batch is not signed; then it is enough that each of its samples is. Whether it is right <see cref="SampleIntake"/> sees.</param>
    /// <exception cref="SignatureRefusedException">The source's samples must be signed.</exception>
    public void Demand(string source, BatchEvidence? evidence, ParsedSamples samples)
    {
        if (evidence is null && options.Required.Contains(source) && !samples.IsSigned)
            throw Missing(source);
    }

    /// <summary>Passes a batch whose signature is right by its key as it is now, or was until it was revoked.</summary>
    /// <exception cref="SignatureRefusedException">The message says what is wrong.</exception>
    public async Task<SigningKeyState> VerifyAsync(BatchEvidence evidence, SampleBatch batch, CancellationToken ct)
    {
        var signature = evidence.Signature;
        var state = await log.ReadKeyAsync(signature.KeyId, ct: ct);
        if ((state.Key as SigningKey.Active ?? (state.Key as SigningKey.Revoked)?.Before) is not { } key)
            throw new SignatureRefusedException($"Key '{signature.KeyId}' is not registered.");
        if (batch.Series.FirstOrDefault(s => !key.MaySignFor(s.ProjectId)) is { } foreign)
            throw new SignatureRefusedException($"Key '{signature.KeyId}' signs for project '{key.ProjectId}', a sample is of '{foreign.ProjectId}'.");
        var isRight = signature.Over == SignedContent.Body
            ? signature.VerifyBody(key.PublicKey.Span, evidence.Body.Span)
            : signature.VerifyStreams(key.PublicKey.Span, DigestsOf(batch));
        return isRight ? state
            : throw new SignatureRefusedException($"The signature by key '{signature.KeyId}' is not of this {(signature.Over == SignedContent.Body ? "body" : "batch as it would be stored")}.");
    }

    /// <summary>Passes samples without a batch's signature where none is needed, or where each was taken for its HMAC.</summary>
    /// <exception cref="SignatureRefusedException">The source's samples must be signed.</exception>
    public void Demand(string source)
    {
        if (options.Required.Contains(source) && secrets.AcceptsAll)
            throw Missing(source);
    }

    private static SignatureRefusedException Missing(string source) => new($"Samples over {source} must be signed: {BatchSignature.HeaderName} is missing.");

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
