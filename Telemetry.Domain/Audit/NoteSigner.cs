using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>Signs notes (C2SP signed-note). Safe for use by many threads.</summary>
public sealed class NoteSigner : IDisposable
{
    private readonly IDisposable _key;
    private readonly Func<byte[], byte[]> _sign;

    /// <summary>Signs with Ed25519 (kind 1), as other logs do.</summary>
    /// <param name="keyName">For a log, its origin.</param>
    /// <param name="key">Becomes the signer's own.</param>
    /// <exception cref="FormatException">The name is none.</exception>
    public NoteSigner(string keyName, Ed25519Key key)
    {
        _key = key;
        _sign = text => key.Sign(text);
        Verifier = NoteVerifier.Ed25519(keyName, key.PublicKey.Span);
    }

    /// <summary>Signs with ECDSA P-256 (kind 2), as logs do that began with such a key.</summary>
    /// <inheritdoc cref="NoteSigner(string, Ed25519Key)"/>
    public NoteSigner(string keyName, ECDsa key)
    {
        var one = new Lock();
        _key = key;
        _sign = text =>
        {
            lock (one)
                return key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        };
        Verifier = NoteVerifier.Ecdsa(keyName, key.ExportSubjectPublicKeyInfo());
    }

    public NoteVerifier Verifier { get; }

    /// <summary>The text with this key's signature.</summary>
    public SignedNote Sign(string text) => new(text, [new(Verifier.KeyName, Verifier.KeyId, _sign(Encoding.UTF8.GetBytes(text)))]);

    public void Dispose() => _key.Dispose();
}
