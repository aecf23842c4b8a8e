using System.Security.Cryptography;

namespace Telemetry.Domain.Audit;

/// <summary>ECDSA keys on the curve P-256, the only kind that signs here.</summary>
public static class P256
{
    private const string Oid = "1.2.840.10045.3.1.7";

    /// <summary>Whether the bytes are a public key of the curve (SubjectPublicKeyInfo, DER), and nothing else.</summary>
    public static bool IsPublicKey(ReadOnlySpan<byte> subjectPublicKeyInfo)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(subjectPublicKeyInfo, out var read);
            return read == subjectPublicKeyInfo.Length && IsP256(key);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>The public key in a PEM text, private or public, as SubjectPublicKeyInfo in DER.</summary>
    /// <exception cref="FormatException">The text holds no key of the curve.</exception>
    public static byte[] ReadPublicKey(string pem)
    {
        using var key = Read(pem);
        return key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>The key of a PEM text.</summary>
    /// <exception cref="FormatException">The text holds no key of the curve.</exception>
    public static ECDsa Read(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (IsP256(key))
                return key;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            key.Dispose();
            throw new FormatException("The PEM text holds no ECDSA key.", e);
        }
        key.Dispose();
        throw new FormatException("The key is not on the curve P-256.");
    }

    /// <summary>A new key.</summary>
    public static ECDsa Create() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static bool IsP256(ECDsa key) => key.ExportParameters(false).Curve.Oid is { } oid && (oid.Value == Oid || oid.FriendlyName is "nistP256" or "ECDSA_P256");
}
