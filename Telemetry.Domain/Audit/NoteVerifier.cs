using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>A public key that signs notes, and what kind of signature it makes.</summary>
/// <remarks>
/// Source: C2SP signed-note (kinds 1 and 2) and tlog-cosignature (kind 4). Its text is <c>NAME+ID+KEY</c>: the id in hexadecimal, then
/// the kind's byte and the key in base 64.
/// </remarks>
public sealed class NoteVerifier
{
    private readonly byte _kind;
    private readonly byte[] _key;

    private NoteVerifier(string keyName, byte kind, byte[] key)
    {
        KeyName = keyName;
        (_kind, _key) = (kind, key);
        // Kind 2 is older than the rule that the others follow.
        var identified = kind == EcdsaKind ? key : [.. Encoding.UTF8.GetBytes(keyName), (byte)'\n', kind, .. key];
        KeyId = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(identified));
    }

    internal const byte Ed25519Kind = 1;
    internal const byte EcdsaKind = 2;
    internal const byte CosignatureKind = 4;

    public string KeyName { get; }

    public uint KeyId { get; }

    /// <summary>Signs as a witness: its signatures say when it saw the checkpoint.</summary>
    public bool IsWitness => _kind == CosignatureKind;

    /// <summary>The verifier of an Ed25519 key.</summary>
    /// <param name="keyName">Not empty, without spaces or plus.</param>
    /// <param name="publicKey">32 bytes.</param>
    /// <exception cref="FormatException">The name or the key is none.</exception>
    public static NoteVerifier Ed25519(string keyName, ReadOnlySpan<byte> publicKey) => Create(keyName, Ed25519Kind, publicKey.ToArray());

    /// <summary>The verifier of an ECDSA P-256 key.</summary>
    /// <param name="keyName">Not empty, without spaces or plus.</param>
    /// <param name="subjectPublicKeyInfo">The public key in DER.</param>
    /// <exception cref="FormatException">The name or the key is none.</exception>
    public static NoteVerifier Ecdsa(string keyName, ReadOnlySpan<byte> subjectPublicKeyInfo) => Create(keyName, EcdsaKind, subjectPublicKeyInfo.ToArray());

    /// <summary>Reads a verifier key's text form.</summary>
    /// <exception cref="FormatException">It is none; the message says why.</exception>
    public static NoteVerifier Parse(string text)
    {
        var parts = text.Trim().Split('+', 3);
        var key = new byte[text.Length];
        if (parts.Length != 3 || !Convert.TryFromBase64String(parts[2], key, out var length) || length < 2)
            throw new FormatException($"'{text}' is no verifier key: it is NAME+ID+KEY, the key in base 64.");
        var verifier = Create(parts[0], key[0], key[1..length]);
        return uint.TryParse(parts[1], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) && parts[1].Length == 8 && id == verifier.KeyId
            ? verifier
            : throw new FormatException($"'{parts[1]}' is not the id of key '{parts[0]}', which is {verifier.KeyId:x8}.");
    }

    /// <summary>Whether a signature of this key fits a note's text.</summary>
    public bool Verify(string text, ReadOnlySpan<byte> signature)
    {
        var message = Encoding.UTF8.GetBytes(text);
        switch (_kind)
        {
            case Ed25519Kind:
                return Audit.Ed25519.Verify(_key, message, signature);
            case CosignatureKind:
                if (signature.Length != 8 + Audit.Ed25519.SignatureLength)
                    return false;
                var seconds = BinaryPrimitives.ReadUInt64BigEndian(signature);
                byte[] stamped = [.. Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {seconds}\n")), .. message];
                return seconds <= long.MaxValue && Audit.Ed25519.Verify(_key, stamped, signature[8..]);
            default:
                using (var ecdsa = ECDsa.Create())
                {
                    ecdsa.ImportSubjectPublicKeyInfo(_key, out _);
                    return ecdsa.VerifyData(message, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
                }
        }
    }

    /// <summary>When a witness signed, null for other kinds.</summary>
    public DateTimeOffset? SignedAt(NoteSignature signature) => IsWitness && signature.Bytes.Length > 8
        && BinaryPrimitives.ReadUInt64BigEndian(signature.Bytes.Span) is var seconds and <= 253_402_300_799
        ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
        : null;

    /// <summary>The text form that <see cref="Parse"/> reads.</summary>
    public override string ToString() => $"{KeyName}+{KeyId:x8}+{Convert.ToBase64String([_kind, .. _key])}";

    private static NoteVerifier Create(string keyName, byte kind, byte[] key)
    {
        if (!SignedNote.IsKeyName(keyName))
            throw new FormatException($"'{keyName}' is no name of a key: it has no spaces and no plus.");
        if (kind is Ed25519Kind or CosignatureKind ? key.Length != Audit.Ed25519.KeyLength : kind != EcdsaKind || !P256.IsPublicKey(key))
            throw new FormatException($"The key of '{keyName}' is no Ed25519 key (kinds 1 and 4) and no ECDSA P-256 key (kind 2); its kind is {kind}.");
        return new(keyName, kind, key);
    }
}
