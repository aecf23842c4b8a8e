namespace Telemetry.Conformance;

/// <summary>The repository that the tests were built in.</summary>
public static class Repository
{
    /// <summary>Its directory.</summary>
    public static string Root { get; } = Find();

    /// <summary>A file of it, such as <c>docs/operations.md</c>.</summary>
    public static string File(string path) => Path.Combine(Root, path);

    private static string Find()
    {
        var directory = AppContext.BaseDirectory;
        while (!System.IO.File.Exists(Path.Combine(directory, "Telemetry.sln")))
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("Telemetry.sln is in no folder above the tests.");
        return directory;
    }
}
