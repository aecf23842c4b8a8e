using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Domain.Audit;

namespace Telemetry.Conformance;

/// <summary>A witness of checkpoints, as others run them (C2SP tlog-cosignature, kind 4).</summary>
public sealed class Witness(string name) : IDisposable
{
    private readonly Ed25519Key _key = Ed25519Key.Create();

    /// <summary>Its verifier key's text form.</summary>
    public string VerifierKey => $"{name}+{Id:x8}+{Convert.ToBase64String([4, .. _key.PublicKey.Span])}";

    private uint Id => BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', 4, .. _key.PublicKey.Span]));

    /// <summary>The witness's signature of a checkpoint that it saw at an instant.</summary>
    public NoteSignature Cosign(string text, DateTimeOffset at)
    {
        var signature = new byte[72];
        BinaryPrimitives.WriteInt64BigEndian(signature, at.ToUnixTimeSeconds());
        _key.Sign(Encoding.UTF8.GetBytes($"cosignature/v1\ntime {at.ToUnixTimeSeconds()}\n{text}")).CopyTo(signature, 8);
        return new(name, Id, signature);
    }

    public void Dispose() => _key.Dispose();
}
