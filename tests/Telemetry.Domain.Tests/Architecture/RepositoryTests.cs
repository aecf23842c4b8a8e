using System.Text.RegularExpressions;
using System.Xml.Linq;
using Telemetry.Conformance;

namespace Telemetry.Domain.Tests.Architecture;

/// <summary>The rules of docs/architecture.md, read off the sources.</summary>
public sealed partial class RepositoryTests
{
    [Theory]
    [InlineData("Telemetry.Domain", "")]
    [InlineData("Telemetry.Ingest", "Telemetry.Domain")]
    [InlineData("Telemetry.Projections", "Telemetry.Domain")]
    [InlineData("Telemetry.Agents", "Telemetry.Domain Telemetry.Ingest")]
    [InlineData("Telemetry.Api", "Telemetry.Agents Telemetry.Domain Telemetry.Ingest Telemetry.Projections")]
    public void A_project_refers_to_what_the_architecture_allows(string project, string allowed)
    {
        var references = Items(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)!).Order(StringComparer.Ordinal);

        Assert.Equal(allowed, string.Join(' ', references));
    }

    [Fact]
    public void The_domain_has_no_packages() => Assert.Empty(Items("Telemetry.Domain", "PackageReference").Concat(Items("Telemetry.Domain", "FrameworkReference")));

    [Fact]
    public void Product_code_asks_a_TimeProvider_for_the_time() => Assert.Empty(
        from file in Sources()
        where ClockPattern().IsMatch(File.ReadAllText(file))
        select Path.GetRelativePath(Repository.Root, file));

    [Fact]
    public void The_domain_does_no_io() => Assert.Empty(
        from file in Sources()
        where file.StartsWith(Path.Combine(Repository.Root, "Telemetry.Domain") + Path.DirectorySeparatorChar, StringComparison.Ordinal)
        where IoPattern().IsMatch(File.ReadAllText(file))
        select Path.GetRelativePath(Repository.Root, file));

    [GeneratedRegex(@"\b(DateTime|DateTimeOffset)\.(Now|UtcNow|Today)\b|Thread\.Sleep")]
    private static partial Regex ClockPattern();

    [GeneratedRegex(@"\b(File|Directory|Socket|HttpClient|FileStream|Console)\.|new (FileStream|HttpClient|Socket)\b")]
    private static partial Regex IoPattern();

    private static IEnumerable<string> Items(string project, string item) =>
        XDocument.Load(Repository.File($"{project}/{project}.csproj")).Descendants(item).Select(e => (string)e.Attribute("Include")!);

    private static IEnumerable<string> Sources() =>
        Directory.EnumerateDirectories(Repository.Root, "Telemetry.*")
            .SelectMany(d => Directory.EnumerateFiles(d, "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj"));
}
