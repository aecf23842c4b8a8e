using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Telemetry.Api.GraphQL.Http.Ide;

/// <summary>A file of a page.</summary>
/// <param name="Path">On the disk; gzipped where <paramref name="IsCompressed"/>.</param>
/// <param name="ContentType">Of its content, before compression.</param>
/// <param name="Hash">Of what is on the disk, in hex.</param>
/// <param name="IsImmutable">Whether its name changes with its content.</param>
internal sealed record IdeFile(string Path, string ContentType, string Hash, bool IsCompressed, bool IsImmutable);

/// <summary>The files that the build has put beside the program, by their names below the folder, slashes between. Nothing else can be asked for.</summary>
internal static partial class IdeFiles
{
    /// <returns>Empty where the build had no npm.</returns>
    public static FrozenDictionary<string, IdeFile> Read(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(path => Read(folder, path)).ToFrozenDictionary(f => f.Name, f => f.File, StringComparer.Ordinal)
        : FrozenDictionary<string, IdeFile>.Empty;

    private static (string Name, IdeFile File) Read(string folder, string path)
    {
        var name = Path.GetRelativePath(folder, path).Replace('\\', '/');
        var isCompressed = name.EndsWith(".gz", StringComparison.Ordinal);
        if (isCompressed)
            name = name[..^3];
        using var content = File.OpenRead(path);
        return (name, new(path, ContentType(name), Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 16)), isCompressed, HashedName.IsMatch(name)));
    }

    private static string ContentType(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".json" => "application/json; charset=utf-8",
        ".webmanifest" => "application/manifest+json; charset=utf-8",
        ".svg" => "image/svg+xml",
        ".png" => "image/png",
        ".ico" => "image/x-icon",
        ".ttf" => "font/ttf",
        ".woff2" => "font/woff2",
        _ => "text/plain; charset=utf-8", // licences
    };

    /// <summary><c>main.0349187e.js</c>, <c>296.9c3e796b.chunk.js</c>, <c>FiraCode-Medium.1bc138a84f63b384c3f2.woff2</c>, <c>graphiql-ZGVXLY4M.js</c>.</summary>
    [GeneratedRegex(@"(\.[0-9a-f]{8}(?:[0-9a-f]{12})?|-[0-9A-Z]{8})(\.chunk)?\.[a-z0-9]+$")]
    private static partial Regex HashedName { get; }
}
