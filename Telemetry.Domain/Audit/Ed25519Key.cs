using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Telemetry.Domain.Audit;

/// <summary>A private Ed25519 key. It signs by the system's OpenSSL, whose time does not tell the key; .NET itself has no Ed25519.</summary>
/// <remarks>Signing is safe for use by many threads. Source: RFC 8032; RFC 8410 for the encodings.</remarks>
public sealed partial class Ed25519Key : IDisposable
{
    private const string Library = "libcrypto.so.3";
    private const int Ed25519Id = 1087; // NID_ED25519 in OpenSSL's obj_mac.h

    private static readonly byte[] PrivatePrefix = Convert.FromHexString("302e020100300506032b657004220420"); // PKCS #8 up to the seed
    private static readonly byte[] PublicPrefix = Convert.FromHexString("302a300506032b6570032100"); // SubjectPublicKeyInfo up to the key

    private readonly byte[] _seed;
    private readonly KeyHandle _key;

    /// <param name="seed">The private key of RFC 8032: 32 bytes.</param>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL 3.</exception>
    public Ed25519Key(ReadOnlySpan<byte> seed)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(seed.Length, Ed25519.KeyLength, nameof(seed));
        if (!IsSupported)
            throw new PlatformNotSupportedException($"Signing with Ed25519 needs OpenSSL 3 ({Library}), which is not on this system.");
        _seed = seed.ToArray();
        _key = Checked(NewKey(Ed25519Id, 0, _seed, _seed.Length));
        var length = (nint)Ed25519.KeyLength;
        var publicKey = new byte[length];
        Check(GetPublicKey(_key, publicKey, ref length));
        PublicKey = publicKey;
    }

    /// <summary>Whether this system can sign with such keys. Any can verify.</summary>
    public static bool IsSupported { get; } = NativeLibrary.TryLoad(Library, out _);

    /// <summary>32 bytes.</summary>
    public ReadOnlyMemory<byte> PublicKey { get; }

    /// <summary>A new key.</summary>
    public static Ed25519Key Create() => new(RandomNumberGenerator.GetBytes(Ed25519.KeyLength));

    /// <summary>The private key of a PEM text; null where that holds none of this kind.</summary>
    /// <exception cref="PlatformNotSupportedException">There is no OpenSSL 3.</exception>
    public static Ed25519Key? Read(string pem)
    {
        if (!PemEncoding.TryFind(pem, out var fields) || pem[fields.Label] != "PRIVATE KEY")
            return null;
        var der = Convert.FromBase64String(pem[fields.Base64Data]);
        return der.AsSpan().StartsWith(PrivatePrefix) && der.Length == PrivatePrefix.Length + Ed25519.KeyLength ? new(der.AsSpan(PrivatePrefix.Length)) : null;
    }

    /// <summary>The private key as PKCS #8 in PEM.</summary>
    public string ExportPem() => PemEncoding.WriteString("PRIVATE KEY", [.. PrivatePrefix, .. _seed]);

    /// <summary>The public key as SubjectPublicKeyInfo in DER.</summary>
    public byte[] ExportSubjectPublicKeyInfo() => [.. PublicPrefix, .. PublicKey.Span];

    /// <summary>The signature of a message: 64 bytes, the same ones for the same message.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        using var context = Checked(NewContext());
        Check(BeginSign(context, 0, 0, 0, _key));
        var length = (nint)Ed25519.SignatureLength;
        var signature = new byte[length];
        Check(Sign(context, signature, ref length, message, message.Length));
        return signature;
    }

    public void Dispose()
    {
        _key.Dispose();
        CryptographicOperations.ZeroMemory(_seed);
    }

    private static T Checked<T>(T handle) where T : SafeHandle => handle.IsInvalid ? throw new CryptographicException("OpenSSL has no Ed25519.") : handle;

    private static void Check(int result)
    {
        if (result != 1)
            throw new CryptographicException("OpenSSL refuses an Ed25519 key.");
    }

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_new_raw_private_key")]
    private static partial KeyHandle NewKey(int type, nint engine, ReadOnlySpan<byte> key, nint length);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_get_raw_public_key")]
    private static partial int GetPublicKey(KeyHandle key, Span<byte> publicKey, ref nint length);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    private static partial ContextHandle NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_DigestSignInit")]
    private static partial int BeginSign(ContextHandle context, nint keyContext, nint digest, nint engine, KeyHandle key);

    [LibraryImport(Library, EntryPoint = "EVP_DigestSign")]
    private static partial int Sign(ContextHandle context, Span<byte> signature, ref nint length, ReadOnlySpan<byte> message, nint messageLength);

    [LibraryImport(Library, EntryPoint = "EVP_PKEY_free")]
    private static partial void FreeKey(nint key);

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    private static partial void FreeContext(nint context);

    private abstract class Handle() : SafeHandle(0, ownsHandle: true)
    {
        public override bool IsInvalid => handle == 0;
    }

    private sealed class KeyHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            FreeKey(handle);
            return true;
        }
    }

    private sealed class ContextHandle : Handle
    {
        protected override bool ReleaseHandle()
        {
            FreeContext(handle);
            return true;
        }
    }
}
