namespace Telemetry.Domain.Tests;

/// <summary>The files below tests/data, found from wherever the tests run.</summary>
internal static class TestData
{
    private static readonly string Folder = Find(AppContext.BaseDirectory);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(Folder, name));

    private static string Find(string folder)
    {
        var data = Path.Combine(folder, "tests", "data");
        return Directory.Exists(data) ? data : Find(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("tests/data"));
    }
}
