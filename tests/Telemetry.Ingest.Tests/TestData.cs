namespace Telemetry.Ingest.Tests;

/// <summary>The files below tests/data, found from wherever the tests run.</summary>
internal static class TestData
{
    private static readonly string Folder = Find(AppContext.BaseDirectory);

    public static string Path(string name) => System.IO.Path.Combine(Folder, name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path(name));

    private static string Find(string folder)
    {
        var data = System.IO.Path.Combine(folder, "tests", "data");
        return Directory.Exists(data) ? data : Find(System.IO.Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("tests/data"));
    }
}
