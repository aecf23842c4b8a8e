using System.Text;
using Telemetry.Domain.Audit;

namespace Telemetry.Projections.Audit;

/// <summary>The file of the key that signs checkpoints: Ed25519, or ECDSA P-256 of a log that began with one or where there is no OpenSSL.</summary>
internal static class AuditKeyFile
{
    /// <summary>Opens the signer; makes a key where there is no file, which only the owner may read.</summary>
    /// <param name="origin">The log's name; empty to name it after its key.</param>
    /// <exception cref="IOException">The file holds no such key, or cannot be read or made.</exception>
    public static NoteSigner Open(string path, string origin)
    {
        try
        {
            if (!File.Exists(path))
                Create(path);
            return Signer(File.ReadAllText(path), origin);
        }
        catch (Exception e) when (e is FormatException or PlatformNotSupportedException)
        {
            throw new IOException($"'{path}' cannot sign checkpoints: {e.Message}", e);
        }
    }

    /// <summary>The signer of a key in PEM, wherever it is kept.</summary>
    /// <inheritdoc cref="Open"/>
    /// <exception cref="FormatException">It is no such key.</exception>
    public static NoteSigner Signer(string pem, string origin)
    {
        if (Ed25519Key.Read(pem) is { } key)
            return new(Name(key.ExportSubjectPublicKeyInfo()), key);
        var ecdsa = P256.Read(pem);
        return new(Name(ecdsa.ExportSubjectPublicKeyInfo()), ecdsa);

        string Name(byte[] publicKey) => origin.Length > 0 ? origin : $"telemetry/{SigningKey.IdOf(publicKey)}";
    }

    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.Write(Encoding.ASCII.GetBytes(NewPem() + "\n"));
        file.Flush(flushToDisk: true);
    }

    /// <summary>A new private key.</summary>
    public static string NewPem()
    {
        if (Ed25519Key.IsSupported)
        {
            using var key = Ed25519Key.Create();
            return key.ExportPem();
        }
        using var ecdsa = P256.Create();
        return ecdsa.ExportPkcs8PrivateKeyPem();
    }
}
