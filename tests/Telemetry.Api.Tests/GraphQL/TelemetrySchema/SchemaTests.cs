using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.Tests.GraphQL.Judges;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>The schema that follows from the code, against the one that was decided on and the one that is checked in.</summary>
public sealed partial class SchemaTests(NodeFixture node)
{
    private static readonly string Decided = TestData.Path("graphql/schema.graphql");

    /// <summary>As <c>GET /graphql?sdl</c> gives it.</summary>
    private static readonly string CheckedIn = Repository.File("docs/schema.graphql");

    [Fact]
    public async Task The_code_makes_the_schema_that_was_decided_on()
    {
        await using var host = await TelemetryHost.StartAsync();

        var (ours, decided) = (Members(host.Services.GetRequiredService<Schema>()), Members(SdlSchemaReader.Read(File.ReadAllText(Decided))));

        Assert.Empty(decided.Except(ours));
        Assert.Empty(ours.Except(decided));
    }

    [Fact]
    public async Task The_schema_is_the_one_that_is_checked_in()
    {
        await using var host = await TelemetryHost.StartAsync();
        var (ours, before) = (SchemaPrinter.Print(host.Services.GetRequiredService<Schema>()), File.ReadAllText(CheckedIn));
        if (ours == before)
            return;
        node.Require();
        using var judge = new GraphQLJs(node);
        Assert.Empty(judge.Ask("breakingChanges", ("before", before), ("after", ours))!.AsArray().Select(c => c!.GetValue<string>()));
        Assert.Fail($"The schema has grown: look at it, and check in what GET /graphql?sdl gives as {CheckedIn}.");
    }

    [Fact]
    public async Task A_change_that_breaks_clients_is_named()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        await using var host = await TelemetryHost.StartAsync();
        var before = SchemaPrinter.Print(host.Services.GetRequiredService<Schema>());
        var after = Stddev().Replace(Previous().Replace(before, ""), "");

        var breaking = judge.Ask("breakingChanges", ("before", before), ("after", after))!.AsArray().Select(c => c!.GetValue<string>()).ToList();

        Assert.Contains(breaking, c => c.Contains("StatisticsBucket.stddev was removed", StringComparison.Ordinal));
        Assert.Contains(breaking, c => c.Contains("PREVIOUS was removed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Everything_in_the_schema_is_described()
    {
        await using var host = await TelemetryHost.StartAsync();
        var schema = host.Services.GetRequiredService<Schema>();

        var bare = schema.Types.Where(t => !t.Name.StartsWith("__", StringComparison.Ordinal)).SelectMany(type => (IEnumerable<(string Name, string? Text)>)(type switch
        {
            ComplexType c => c.Fields.SelectMany(f => f.Arguments.Select(a => ($"{c}.{f.Name}({a.Name}:)", a.Description)).Prepend(($"{c}.{f.Name}", f.Description))).Prepend((c.Name, c.Description)),
            InputObjectType i => i.Fields.Select(f => ($"{i}.{f.Name}", f.Description)).Prepend((i.Name, i.Description)),
            EnumType e => e.Values.Select(v => ($"{e}.{v.Name}", v.Description)).Prepend((e.Name, e.Description)),
            _ => [],
        })).Where(d => string.IsNullOrEmpty(d.Text)).Select(d => d.Name);

        Assert.Empty(bare);
    }

    /// <summary>One line for each member of each type, without descriptions.</summary>
    private static HashSet<string> Members(Schema schema)
    {
        var lines = new HashSet<string>();
        var text = Description().Replace(SchemaPrinter.Print(schema), "");
        text = Arguments().Replace(text, m => $"({string.Join(", ", m.Groups[1].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).SelectMany(SplitArguments).Order())})");
        var type = "";
        foreach (var line in text.Split('\n').Select(l => l.Trim()).Where(l => l.Length > 0 && l != "}"))
        {
            if (line.EndsWith('{') || line.StartsWith("union", StringComparison.Ordinal) || line.StartsWith("scalar", StringComparison.Ordinal))
            {
                type = line.Split(' ')[1];
                var parts = line.TrimEnd('{').Split('=');
                lines.Add($"{parts[0].Trim()} {string.Join('|', parts.Skip(1).SelectMany(p => p.Split('|')).Select(m => m.Trim()).Order())}");
            }
            else
            {
                lines.Add($"{type}.{line}");
            }
        }
        return lines;
    }

    private static IEnumerable<string> SplitArguments(string line) => line.Split(", ");

    [GeneratedRegex("\"\"\"[^\"]*\"\"\"\n  stddev: Float\n")]
    private static partial Regex Stddev();

    [GeneratedRegex("\"\"\"[^\"]*\"\"\"\n  PREVIOUS\n")]
    private static partial Regex Previous();

    [GeneratedRegex("\"\"\".*?\"\"\"\\s*", RegexOptions.Singleline)]
    private static partial Regex Description();

    [GeneratedRegex(@"\(([^)]*)\)")]
    private static partial Regex Arguments();
}
