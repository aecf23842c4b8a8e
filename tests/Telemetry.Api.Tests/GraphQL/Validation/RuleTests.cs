using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Validation;

namespace Telemetry.Api.Tests.GraphQL.Validation;

/// <summary>Each rule by a document that breaks it and nothing else; graphql-js judges ten thousand more where there is Node.</summary>
public sealed class RuleTests
{
    private static readonly Schema Schema = SdlSchemaReader.Read(TestSchema.Sdl);

    [Theory]
    [InlineData("ExecutableDefinitions", "{ human(id: 1) { age } } type X { a: Int }", "1:26")]
    [InlineData("UniqueOperationNames", "query A { __typename } query A { __typename }", "1:7 1:30")]
    [InlineData("LoneAnonymousOperation", "{ __typename } query A { __typename }", "1:1")]
    [InlineData("SingleFieldSubscriptions", "subscription { ticks added { age } }", "1:22")]
    [InlineData("SingleFieldSubscriptions", "subscription { __typename }", "1:16")]
    [InlineData("NoConditionsOnSubscriptionRoot", "subscription { ticks @skip(if: false) }", "1:22")]
    [InlineData("KnownTypeNames", "{ human(id: 1) { ... on Nobody { age } } }", "1:25")]
    [InlineData("FragmentsOnCompositeTypes", "{ human(id: 1) { ... on Style { age } } }", "1:25")]
    [InlineData("VariablesAreInputTypes", "query ($x: Human) { numbers(int: $x) }", "1:12")]
    [InlineData("ScalarLeafs", "{ human(id: 1) }", "1:3")]
    [InlineData("ScalarLeafs", "{ human(id: 1) { age { x } } }", "1:22")]
    [InlineData("FieldsOnCorrectType", "{ human(id: 1) { shoes } }", "1:18")]
    [InlineData("FieldsOnCorrectType", "{ pet(by: {id: 1}) { name } }", "1:22")]
    [InlineData("UniqueFragmentNames", "{ ...F } fragment F on Query { __typename } fragment F on Query { __typename }", "1:19 1:54")]
    [InlineData("KnownFragmentNames", "{ ...F }", "1:6")]
    [InlineData("NoUnusedFragments", "{ __typename } fragment F on Query { __typename }", "1:16")]
    [InlineData("PossibleFragmentSpreads", "{ human(id: 1) { ... on Dog { age } } }", "1:18")]
    [InlineData("NoFragmentCycles", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", "1:32 1:61")]
    [InlineData("UniqueVariableNames", "query ($a: Int, $a: Int) { numbers(int: $a) }", "1:9 1:18")]
    [InlineData("NoUndefinedVariables", "{ numbers(int: $a) }", "1:16 1:1")]
    [InlineData("NoUndefinedVariables", "query Q { ...F } fragment F on Query { numbers(int: $a) }", "1:53 1:1")]
    [InlineData("NoUnusedVariables", "query ($a: Int) { __typename }", "1:8")]
    [InlineData("KnownDirectives", "{ __typename @nothing }", "1:14")]
    [InlineData("KnownDirectives", "query @skip(if: true) { __typename }", "1:7")]
    [InlineData("UniqueDirectivesPerLocation", "{ __typename @once @once }", "1:14 1:20")]
    [InlineData("KnownArgumentNames", "{ human(id: 1, nothing: 2) { age } }", "1:16")]
    [InlineData("KnownArgumentNames", "{ __typename @tag(name: \"a\", nothing: 2) }", "1:30")]
    [InlineData("UniqueArgumentNames", "{ human(id: 1, id: 1) { age } }", "1:9 1:16")]
    [InlineData("ValuesOfCorrectType", "{ numbers(int: 1.0) }", "1:16")]
    [InlineData("ValuesOfCorrectType", "{ numbers(int: 2147483648) }", "1:16")]
    [InlineData("ValuesOfCorrectType", "{ numbers(string: ENUM) }", "1:19")]
    [InlineData("ValuesOfCorrectType", "{ numbers(matrix: [[1, null]]) }", "1:24")]
    [InlineData("ValuesOfCorrectType", "{ pet(by: {id: 1, name: \"a\"}) { __typename } }", "1:11")]
    [InlineData("ValuesOfCorrectType", "{ pet(by: {id: null}) { __typename } }", "1:11")]
    [InlineData("ValuesOfCorrectType", "{ pets(filters: [{name: \"a\"}]) { __typename } }", "1:18")]
    [InlineData("ValuesOfCorrectType", "{ human(id: 1) { name(style: \"LOUD\") } }", "1:30")]
    [InlineData("ProvidedRequiredArguments", "{ human { age } }", "1:3")]
    [InlineData("ProvidedRequiredArguments", "{ __typename @tag }", "1:14")]
    [InlineData("VariablesInAllowedPosition", "query ($a: Int) { pets(first: 1) { ... on Dog { knows(command: SIT) } } numbers(matrix: [[$a]]) }", "1:8 1:91")]
    [InlineData("VariablesInAllowedPosition", "query ($a: ID) { pet(by: {id: $a}) { __typename } }", "1:8 1:31")]
    [InlineData("OverlappingFieldsCanBeMerged", "{ human(id: 1) { age } human(id: 2) { age } }", "1:3 1:24")]
    [InlineData("OverlappingFieldsCanBeMerged", "{ named { ... on Human { x: height } ... on Cat { x: height } } }", "1:26 1:51")]
    [InlineData("OverlappingFieldsCanBeMerged", "{ human(id: 1) { x: age ...F } } fragment F on Human { x: height }", "1:18 1:56")]
    [InlineData("UniqueInputFieldNames", "{ being(where: {n: 1, n: 2}) { age } }", "1:17 1:23")]
    [InlineData("MaxIntrospectionDepth", "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", "1:3")]
    public void A_rule_names_what_breaks_it(string rule, string document, string places)
    {
        var syntax = Parser.ParseDocument(document);
        var errors = DocumentValidator.Validate(Schema, syntax);
        var error = Assert.Single(errors, e => e.Rule == rule);
        // A variable of an output type fits nowhere either.
        Assert.True(errors.Count == 1 || rule == "VariablesAreInputTypes", string.Join(", ", errors));
        Assert.Equal(places, string.Join(' ', error.Offsets.Select(o => syntax.LocationOf(o)).Select(l => $"{l.Line}:{l.Column}")));
        Assert.EndsWith(".", error.Message);
    }

    [Theory]
    [InlineData("{ named { ... on Human { x: age } ... on Cat { x: owner { age } } } }", "OverlappingFieldsCanBeMerged")]
    [InlineData("{ named { ... on Human { x: age } ... on Dog { x: age } } }", null)]
    [InlineData("{ named { ... on Human { x: name } ... on Dog { x: name(style: LOUD) } } }", null)]
    [InlineData("query ($a: Int = 1) { numbers(matrix: [[$a]]) }", null)]
    [InlineData("query ($a: Int = null) { numbers(matrix: [[$a]]) }", "VariablesInAllowedPosition")]
    [InlineData("query ($a: Int!) { numbers(matrix: [[$a]]) }", null)]
    [InlineData("query ($a: Boolean = true) { pets(filters: {required: $a}) { __typename } }", null)]
    [InlineData("query ($a: Int) { pets(filters: {required: true, withDefault: $a}) { __typename } }", null)]
    [InlineData("query ($a: ID!) { pet(by: {id: $a}) { __typename } }", null)]
    [InlineData("{ any(value: {a: [1, $b]}) }", "NoUndefinedVariables")]
    [InlineData("\"What it is\" query Q(\"why\" $a: Int) { numbers(int: $a) }", null)]
    [InlineData("{ numbers(id: 1, float: 1, ints: 5, matrix: [[1]]) __typename @tag(name: \"a\") @tag(name: \"b\") }", null)]
    public void What_the_rules_have_to_tell_apart(string document, string? rule) =>
        Assert.Equal(rule, DocumentValidator.Validate(Schema, Parser.ParseDocument(document)).SingleOrDefault()?.Rule);

    [Fact]
    public void An_operation_needs_a_root_type()
    {
        var schema = SdlSchemaReader.Read("type Query { a: Int }");
        Assert.Equal("KnownOperationTypes", Assert.Single(DocumentValidator.Validate(schema, Parser.ParseDocument("mutation { a }"))).Rule);
    }

    [Fact]
    public void Introspection_can_be_switched_off()
    {
        var options = new ValidationOptions { AllowIntrospection = false };
        Assert.Single(DocumentValidator.Validate(Schema, Parser.ParseDocument("{ __type(name: \"Query\") { name } }"), options));
        Assert.Empty(DocumentValidator.Validate(Schema, Parser.ParseDocument("{ __typename }"), options));
    }

    [Fact]
    public void Depth_counts_through_fragments_and_leaves_introspection_out()
    {
        var options = new ValidationOptions { MaxExecutionDepth = 3 };
        Assert.Empty(DocumentValidator.Validate(Schema, Parser.ParseDocument("{ human(id: 1) { friends { age } } }"), options));
        var deep = DocumentValidator.Validate(Schema, Parser.ParseDocument("{ human(id: 1) { ...F } } fragment F on Human { friends { friends { age } } }"), options);
        Assert.Equal("DEPTH_EXCEEDED", Assert.Single(deep).Code);
        Assert.Empty(DocumentValidator.Validate(Schema, Parser.ParseDocument("{ __schema { types { ofType { ofType { ofType { name } } } } } }"), options));
    }
}
