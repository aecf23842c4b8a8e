using Telemetry.Conformance;

namespace Telemetry.Api.Tests;

/// <summary>The files under <c>tests/data</c>.</summary>
internal static class TestData
{
    public static string Path(string name) => Repository.File($"tests/data/{name}");
}
