using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Validation;
using Telemetry.Api.GraphQL.Validation.Rules;
using Telemetry.Api.Tests.GraphQL.Judges;

namespace Telemetry.Api.Tests.GraphQL.Validation;

/// <summary>graphql-js is the judge: of random documents it says the same, rule by rule and place by place.</summary>
public sealed class DifferentialTests(NodeFixture node)
{
    private static readonly ValidationOptions Unlimited = new() { MaxAllowedErrors = int.MaxValue, MaxExecutionDepth = 1_000, MaxMergeSteps = int.MaxValue };

    [Fact]
    public void Ten_thousand_random_documents_get_the_same_verdict()
    {
        node.Require();
        using var judge = new GraphQLJs(node);
        Assert.Empty(judge.Ask("schema", ("sdl", TestSchema.Sdl))!.AsArray());
        var schema = SdlSchemaReader.Read(TestSchema.Sdl);
        var documents = new RandomDocuments(schema, seed: 20260101);
        var invalid = 0;
        var rulesSeen = new HashSet<string>();
        var differences = new List<string>();
        for (var i = 0; i < 10_000 && differences.Count < 10; i++)
        {
            var document = documents.Next();
            var (ours, theirs) = (Ours(schema, document), Theirs(judge, document));
            rulesSeen.UnionWith(theirs.Select(e => e.Split(' ')[0]));
            invalid += theirs.Count > 0 ? 1 : 0;
            if (!ours.SetEquals(theirs))
            {
                differences.Add($"""
                    Document {i}:
                    {document}
                    only ours:   {string.Join("; ", ours.Except(theirs))}
                    only theirs: {string.Join("; ", theirs.Except(ours))}
                    """);
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
        Assert.InRange(invalid, 3_000, 9_000);
        Assert.True(rulesSeen.Count >= 20, $"Only {rulesSeen.Count} rules were broken: {string.Join(", ", rulesSeen)}");
    }

    private static HashSet<string> Ours(Schema schema, string document)
    {
        var syntax = Parser.ParseDocument(document);
        return [.. DocumentValidator.Validate(schema, syntax, Unlimited)
            .Where(e => e.Rule is not (SingleFieldSubscriptions.ConditionsRule or "KnownOperationTypes") && !e.Message.Contains("and the one field of"))
            .Select(e => Describe(e.Rule, e.Offsets.Select(o => syntax.LocationOf(o)).Select(l => $"{l.Line}:{l.Column}")))];
    }

    private static HashSet<string> Theirs(GraphQLJs judge, string document)
    {
        var answer = judge.Ask("validate", ("document", document))!;
        Assert.Null(answer["syntaxError"]);
        // graphql-js sees that a variable may be null as the one field of a @oneOf input only where that input may be null itself.
        return [.. answer["errors"]!.AsArray().Where(e => !e!["message"]!.GetValue<string>().Contains("used for OneOf")).Select(e => Describe(
            e!["rule"]!.GetValue<string>(), e["locations"]!.AsArray().Select(l => l!.GetValue<string>())))];
    }

    /// <summary>Which of several fields in conflict are named is left to each: that there is a conflict is not.</summary>
    private static string Describe(string rule, IEnumerable<string> locations) =>
        rule == "OverlappingFieldsCanBeMerged" ? rule : $"{rule} {string.Join(",", locations)}";
}
