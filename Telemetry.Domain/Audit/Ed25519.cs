using System.Numerics;
using System.Security.Cryptography;

namespace Telemetry.Domain.Audit;

/// <summary>Checks Ed25519 signatures, on any system; .NET has none.</summary>
/// <remarks>Source: RFC 8032, section 5.1.7. Checking handles no secrets, so that its time may depend on its input. About a millisecond.</remarks>
internal static class Ed25519
{
    public const int KeyLength = 32;
    public const int SignatureLength = 64;

    private static readonly BigInteger P = BigInteger.Pow(2, 255) - 19;
    private static readonly BigInteger Order = BigInteger.Pow(2, 252) + BigInteger.Parse("27742317777372353535851937790883648493");
    private static readonly BigInteger D = Modulo(-121665 * Inverse(121666));
    private static readonly BigInteger RootOfMinusOne = BigInteger.ModPow(2, (P - 1) / 4, P);
    private static readonly Point Base = Decode(BaseBytes())!.Value;

    /// <summary>In extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.</summary>
    private readonly record struct Point(BigInteger X, BigInteger Y, BigInteger Z, BigInteger T);

    /// <summary>Whether the signature of the message is by the key; false for a key or signature that is none.</summary>
    public static bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (publicKey.Length != KeyLength || signature.Length != SignatureLength || Decode(publicKey) is not { } key || Decode(signature[..32]) is not { } commitment)
            return false;
        var response = new BigInteger(signature[32..], isUnsigned: true);
        if (response >= Order)
            return false;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA512);
        hash.AppendData(signature[..32]);
        hash.AppendData(publicKey);
        hash.AppendData(message);
        var challenge = new BigInteger(hash.GetHashAndReset(), isUnsigned: true) % Order;
        return AreEqual(Multiply(Base, response), Add(commitment, Multiply(key, challenge)));
    }

    private static byte[] BaseBytes()
    {
        // The base point has y = 4/5 and an even x.
        var bytes = new byte[32];
        Modulo(4 * Inverse(5)).TryWriteBytes(bytes, out _, isUnsigned: true);
        return bytes;
    }

    private static Point? Decode(ReadOnlySpan<byte> bytes)
    {
        var odd = bytes[31] >> 7 == 1;
        Span<byte> copy = stackalloc byte[32];
        bytes.CopyTo(copy);
        copy[31] &= 0x7f;
        var y = new BigInteger(copy, isUnsigned: true);
        if (y >= P)
            return null;
        var u = Modulo((y * y) - 1);
        var v = Modulo((D * y * y) + 1);
        var square = Modulo(u * Inverse(v));
        var x = BigInteger.ModPow(square, (P + 3) / 8, P);
        if (Modulo((x * x) - square) != 0)
            x = Modulo(x * RootOfMinusOne);
        if (Modulo((x * x) - square) != 0 || (x == 0 && odd))
            return null;
        if (x.IsEven == odd)
            x = P - x;
        return new(x, y, 1, Modulo(x * y));
    }

    private static Point Add(Point a, Point b)
    {
        var (m, n) = (Modulo((a.Y - a.X) * (b.Y - b.X)), Modulo((a.Y + a.X) * (b.Y + b.X)));
        var (c, d) = (Modulo(2 * a.T * b.T * D), Modulo(2 * a.Z * b.Z));
        var (e, f, g, h) = (n - m, d - c, d + c, n + m);
        return new(Modulo(e * f), Modulo(g * h), Modulo(f * g), Modulo(e * h));
    }

    private static Point Multiply(Point point, BigInteger times)
    {
        var result = new Point(0, 1, 1, 0);
        for (; times > 0; times >>= 1)
        {
            if (!times.IsEven)
                result = Add(result, point);
            point = Add(point, point);
        }
        return result;
    }

    private static bool AreEqual(Point a, Point b) =>
        Modulo((a.X * b.Z) - (b.X * a.Z)) == 0 && Modulo((a.Y * b.Z) - (b.Y * a.Z)) == 0;

    private static BigInteger Inverse(BigInteger value) => BigInteger.ModPow(Modulo(value), P - 2, P);

    private static BigInteger Modulo(BigInteger value)
    {
        var rest = value % P;
        return rest.Sign < 0 ? rest + P : rest;
    }
}
