using System.Runtime.InteropServices;

namespace Telemetry.Domain.Audit;

/// <summary>A SHA-256 value: 32 bytes.</summary>
public readonly struct Digest : IEquatable<Digest>
{
    public const int Length = 32;

    private readonly ulong _a, _b, _c, _d;

    /// <exception cref="ArgumentException">There are not exactly 32 bytes.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
            throw new ArgumentException($"A SHA-256 value has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        (_a, _b, _c, _d) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>The digest of some bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> data)
    {
        Span<byte> hash = stackalloc byte[Length];
        Sha256.Hash(data, hash);
        return new(hash);
    }

    /// <summary>Reads standard base 64; null where the text is not the base 64 of 32 bytes, in the one form that encodes them.</summary>
    public static Digest? Parse(string base64)
    {
        Span<byte> bytes = stackalloc byte[Length + 1];
        return Convert.TryFromBase64String(base64, bytes, out var length) && length == Length && Convert.ToBase64String(bytes[..Length]) == base64
            ? new Digest(bytes[..Length])
            : null;
    }

    /// <summary>Writes the 32 bytes to the start of a span.</summary>
    public void CopyTo(Span<byte> destination)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(destination[..Length]);
        (words[0], words[1], words[2], words[3]) = (_a, _b, _c, _d);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public bool Equals(Digest other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    public override bool Equals(object? obj) => obj is Digest other && Equals(other);

    public override int GetHashCode() => (int)_a;

    /// <summary>Standard base 64, as checkpoints write it.</summary>
    public override string ToString() => Convert.ToBase64String(ToArray());

    public static bool operator ==(Digest left, Digest right) => left.Equals(right);

    public static bool operator !=(Digest left, Digest right) => !left.Equals(right);
}
