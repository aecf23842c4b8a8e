using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Audit;

/// <summary>What a sender's signature is over.</summary>
public enum SignedContent
{
    /// <summary>The exact bytes of the body; it is kept, since nothing else proves the signature later.</summary>
    Body,

    /// <summary>The Merkle root of the digests of the batch's shares, one a stream; nothing need be kept beside the samples.</summary>
    Streams,
}

/// <summary>A sender's signature of a batch: ECDSA on P-256 with SHA-256.</summary>
/// <remarks>
/// As the header <c>Telemetry-Signature: keyid=KEY, alg=ecdsa-p256-sha256, over=streams, sig=BASE64</c>, without <c>over</c> for a body.
/// The signature is r and s, 32 bytes each, as RFC 9421, section 3.3.4, has it.
/// </remarks>
/// <param name="KeyId">Names the key; at most 128 letters, digits, dots, underscores and dashes.</param>
/// <param name="Bytes">64 bytes.</param>
public sealed record BatchSignature(string KeyId, SignedContent Over, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The header of a request, and of an AMQP message.</summary>
    public const string HeaderName = "Telemetry-Signature";

    public const string Algorithm = "ecdsa-p256-sha256";
    private const int SignatureLength = 64;

    /// <summary>Reads a header's value.</summary>
    /// <exception cref="FormatException">It is none; the message names the parameter and its value.</exception>
    public static BatchSignature Parse(string header)
    {
        string? keyId = null, algorithm = null, over = null, sig = null;
        if (header.Length > 1024)
            throw new FormatException($"{HeaderName} has at most 1024 characters, not {header.Length}.");
        foreach (var part in header.Split(','))
        {
            var equals = part.IndexOf('=');
            var name = (equals < 0 ? part : part[..equals]).Trim();
            ref var value = ref keyId;
            switch (name)
            {
                case "keyid": break;
                case "alg": value = ref algorithm; break;
                case "over": value = ref over; break;
                case "sig": value = ref sig; break;
                default: throw new FormatException($"{HeaderName} has no parameter '{name}'; it has keyid, alg, over and sig.");
            }
            if (value is not null || equals < 0)
                throw new FormatException($"{HeaderName} gives '{name}' {(equals < 0 ? "no value" : "twice")}.");
            value = part[(equals + 1)..].Trim().Trim('"');
        }
        var bytes = new byte[SignatureLength];
        return !SigningKey.IsId(keyId) ? throw new FormatException($"{HeaderName}: keyid '{keyId}' is no key's id.")
            : algorithm != Algorithm ? throw new FormatException($"{HeaderName}: alg '{algorithm}' is not known; it is {Algorithm}.")
            : over is not (null or "body" or "streams") ? throw new FormatException($"{HeaderName}: over '{over}' is neither body nor streams.")
            : sig is null || sig.Length != 88 || !Convert.TryFromBase64String(sig, bytes, out var length) || length != SignatureLength
                ? throw new FormatException($"{HeaderName}: sig '{sig}' is not the base 64 of {SignatureLength} bytes.")
            : new(keyId!, over == "streams" ? SignedContent.Streams : SignedContent.Body, bytes);
    }

    /// <summary>Signs a body.</summary>
    public static BatchSignature OfBody(string keyId, ECDsa key, ReadOnlySpan<byte> body) => new(keyId, SignedContent.Body, Sign(key, body));

    /// <summary>Signs a batch by the root of its shares.</summary>
    public static BatchSignature OfStreams(string keyId, ECDsa key, SampleBatch batch) => OfStreams(keyId, key, batch, new());

    internal static BatchSignature OfStreams(string keyId, ECDsa key, SampleBatch batch, EventHasher hasher) =>
        new(keyId, SignedContent.Streams, Sign(key, Statement(RootOf(hasher.DigestsOf(batch)))));

    /// <summary>Whether the signature is of these bytes, by a public key.</summary>
    /// <param name="subjectPublicKeyInfo">In DER, on P-256.</param>
    public bool VerifyBody(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> body) => Over == SignedContent.Body && Verify(subjectPublicKeyInfo, body);

    /// <summary>Whether the signature is of a batch whose shares have these digests, in the order of their first samples.</summary>
    public bool VerifyStreams(ReadOnlySpan<byte> subjectPublicKeyInfo, IEnumerable<Digest> shares) =>
        Over == SignedContent.Streams && Verify(subjectPublicKeyInfo, Statement(RootOf(shares)));

    /// <summary>The root of the tree over a batch's shares: leaves are their digests, in the order of their first samples.</summary>
    public static Digest RootOf(IEnumerable<Digest> shares) => MerkleTree.RootOf(shares.Select(s => MerkleTree.LeafHash(s.ToArray())));

    /// <summary>What is signed for a root: the text <c>telemetry/batch/v1</c>, a line feed, the root in base 64, a line feed.</summary>
    public static byte[] Statement(Digest root) => Encoding.UTF8.GetBytes($"telemetry/batch/v1\n{root}\n");

    /// <summary>The value of the header.</summary>
    public override string ToString() =>
        $"keyid={KeyId}, alg={Algorithm}, {(Over == SignedContent.Streams ? "over=streams, " : "")}sig={Convert.ToBase64String(Bytes.Span)}";

    private static byte[] Sign(ECDsa key, ReadOnlySpan<byte> message) => key.SignData(message, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    private bool Verify(ReadOnlySpan<byte> subjectPublicKeyInfo, ReadOnlySpan<byte> message)
    {
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);
        return key.VerifyData(message, Bytes.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }
}
