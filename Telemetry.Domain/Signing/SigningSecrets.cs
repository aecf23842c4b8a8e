using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Domain.Signing;

/// <summary>The shared secrets of Ceilometer's message signatures. Safe for use by many threads.</summary>
/// <remarks>
/// The first one signs, any of them verifies, so that a secret can be replaced while senders still use the old one. Without a secret,
/// or with an empty one among them, every message verifies: that is how Ceilometer switches signatures off.
/// </remarks>
public sealed class SigningSecrets
{
    public static readonly SigningSecrets None = new([]);

    private readonly HmacSha256[] _keys;

    public SigningSecrets(IEnumerable<string> secrets)
    {
        var given = secrets.ToArray();
        AcceptsAll = given.Length == 0 || given.Contains("");
        SignsNothing = given.Length == 0 || given[0].Length == 0;
        _keys = [.. given.Where(s => s.Length > 0).Distinct().Select(s => new HmacSha256(Encoding.UTF8.GetBytes(s)))];
    }

    /// <summary>Whether every signature is accepted, none as well.</summary>
    public bool AcceptsAll { get; }

    /// <summary>Whether signatures that are made are empty.</summary>
    public bool SignsNothing { get; }

    /// <summary>The HMAC-SHA256 of a text under the first secret.</summary>
    /// <param name="hash">32 bytes.</param>
    internal void Sign(ReadOnlySpan<byte> text, Span<byte> hash) => _keys[0].Hash(text, hash);

    /// <summary>Whether it is the HMAC-SHA256 of a text under any of the secrets. How long that takes does not tell which bytes are wrong.</summary>
    /// <param name="claimed">32 bytes.</param>
    internal bool Signed(ReadOnlySpan<byte> text, ReadOnlySpan<byte> claimed)
    {
        Span<byte> hash = stackalloc byte[32];
        var right = false;
        foreach (var key in _keys)
        {
            key.Hash(text, hash);
            right |= CryptographicOperations.FixedTimeEquals(hash, claimed);
        }
        return right;
    }
}
