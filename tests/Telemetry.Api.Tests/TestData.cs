namespace Telemetry.Api.Tests;

/// <summary>The files under <c>tests/data</c>.</summary>
internal static class TestData
{
    private static readonly string Root = Find();

    public static string Path(string name) => System.IO.Path.Combine(Root, name);

    private static string Find()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(System.IO.Path.Combine(directory, "Telemetry.sln")))
            directory = System.IO.Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("Telemetry.sln is in no folder above the tests.");
        return System.IO.Path.Combine(directory, "tests", "data");
    }
}
