using System.Reflection;
using System.Text.RegularExpressions;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.Tests.GraphQL;

/// <summary>The engine knows nothing of what it serves, so that it can be tested alone and thrown away whole.</summary>
public sealed partial class EngineTests
{
    private static readonly string[] Folders = ["Language", "Types", "Validation", "Execution", "Http"];

    [Fact]
    public void No_source_of_the_engine_names_the_domain_or_the_schema()
    {
        var root = Path.GetFullPath(Path.Combine(Judges.NodeFixture.Folder, "../../../../Telemetry.Api/GraphQL"));
        var files = Folders.SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories)).ToList();
        Assert.True(files.Count > 60, $"Only {files.Count} files were found under {root}.");
        Assert.Empty(files.Where(f => Foreign().IsMatch(File.ReadAllText(f))).Select(f => Path.GetRelativePath(root, f)));
    }

    [Fact]
    public void No_type_of_the_engine_shows_one_of_the_domain_or_the_schema()
    {
        var prefixes = Folders.Select(f => $"Telemetry.Api.GraphQL.{f}").ToList();
        var types = typeof(Parser).Assembly.GetTypes().Where(t => prefixes.Any(p => t.Namespace == p || t.Namespace?.StartsWith(p + ".", StringComparison.Ordinal) == true)).ToList();
        Assert.True(types.Count > 200);
        var foreign = types
            .SelectMany(t => t.GetMembers(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly).SelectMany(Types)
                .Append(t.BaseType).Where(IsForeign).Select(f => $"{t} uses {f}"));
        Assert.Empty(foreign);
    }

    private static IEnumerable<Type?> Types(MemberInfo member) => member switch
    {
        FieldInfo f => [f.FieldType],
        PropertyInfo p => [p.PropertyType],
        MethodBase m => [.. m.GetParameters().Select(p => p.ParameterType), (m as MethodInfo)?.ReturnType, .. m.GetMethodBody()?.LocalVariables.Select(v => v.LocalType) ?? []],
        _ => [],
    };

    private static bool IsForeign(Type? type) =>
        type?.Assembly.GetName().Name is { } name && (
            (name.StartsWith("Telemetry.", StringComparison.Ordinal) && name != "Telemetry.Api.Tests")
            || type.Namespace?.StartsWith("Telemetry.Api.", StringComparison.Ordinal) == true
                && (!type.Namespace.StartsWith("Telemetry.Api.GraphQL", StringComparison.Ordinal) || type.Namespace.StartsWith("Telemetry.Api.GraphQL.Schema", StringComparison.Ordinal)));

    // Server-sent events are written for streams in the same way.
    [GeneratedRegex(@"Telemetry\.(Domain|Ingest|Projections|Agents)\b|GraphQL\.Schema\b|Telemetry\.Api\.(?!GraphQL\b|Http\.ServerSentEvents\b)")]
    private static partial Regex Foreign();
}
