using System.Security.Cryptography;
using Telemetry.Domain.Audit;

namespace Telemetry.Projections.Audit;

/// <summary>The file of the key that signs checkpoints.</summary>
internal static class AuditKeyFile
{
    /// <summary>Reads the key; makes one where there is no file, which only the owner may read.</summary>
    /// <exception cref="IOException">The file holds no key of the curve P-256, or cannot be read or made.</exception>
    public static ECDsa Open(string path)
    {
        try
        {
            if (!File.Exists(path))
                Create(path);
            return P256.Read(File.ReadAllText(path));
        }
        catch (FormatException e)
        {
            throw new IOException($"'{path}' cannot sign checkpoints: {e.Message}", e);
        }
    }

    private static void Create(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using var key = P256.Create();
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.Write(System.Text.Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n"));
        file.Flush(flushToDisk: true);
    }
}
