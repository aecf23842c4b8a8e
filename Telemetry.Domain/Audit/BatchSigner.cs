using System.Security.Cryptography;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Audit;

/// <summary>Signs what our own agents send. Safe for use by many threads.</summary>
public sealed class BatchSigner : IDisposable
{
    private readonly Lock _one = new();
    private readonly EventHasher _hasher = new();
    private readonly ECDsa _key;

    /// <param name="keyId">By which the key is registered; empty for <see cref="SigningKey.IdOf"/>.</param>
    /// <param name="key">On the curve P-256; becomes the signer's own.</param>
    /// <exception cref="FormatException">The id is none.</exception>
    public BatchSigner(string keyId, ECDsa key)
    {
        KeyId = keyId.Length > 0 ? keyId : SigningKey.IdOf(key.ExportSubjectPublicKeyInfo());
        if (!SigningKey.IsId(KeyId))
            throw new FormatException($"'{keyId}' is no key's id.");
        _key = key;
    }

    public string KeyId { get; }

    /// <summary>Signs a batch by the root of its shares: nothing need be kept beside the samples.</summary>
    public BatchSignature SignStreams(SampleBatch batch)
    {
        lock (_one)
            return BatchSignature.OfStreams(KeyId, _key, batch, _hasher);
    }

    /// <summary>Signs a body, which the receiver keeps.</summary>
    public BatchSignature SignBody(ReadOnlySpan<byte> body)
    {
        lock (_one)
            return BatchSignature.OfBody(KeyId, _key, body);
    }

    public void Dispose() => _key.Dispose();
}
