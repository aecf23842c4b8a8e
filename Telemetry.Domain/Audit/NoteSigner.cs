using System.Security.Cryptography;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>Signs notes with an ECDSA P-256 key (kind 2 of C2SP signed-note). Safe for use by many threads.</summary>
/// <remarks>.NET has no Ed25519, and an implementation of ours would not be safe against timing; so the server signs with ECDSA.</remarks>
public sealed class NoteSigner : IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _lock = new();

    /// <param name="keyName">For a log, its origin.</param>
    /// <param name="key">Becomes the signer's own.</param>
    /// <exception cref="FormatException">The name is none, or the key is not on the curve P-256.</exception>
    public NoteSigner(string keyName, ECDsa key)
    {
        _key = key;
        Verifier = NoteVerifier.Ecdsa(keyName, key.ExportSubjectPublicKeyInfo());
    }

    public NoteVerifier Verifier { get; }

    /// <summary>The text with this key's signature.</summary>
    public SignedNote Sign(string text)
    {
        lock (_lock)
        {
            var signature = _key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            return new(text, [new(Verifier.KeyName, Verifier.KeyId, signature)]);
        }
    }

    public void Dispose() => _key.Dispose();
}
