using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Validation.Rules;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>Judges documents. Source: GraphQL, September 2025, section 5.</summary>
internal static class DocumentValidator
{
    /// <summary>All rules of the specification, and introspection's depth, which graphql-js recommends.</summary>
    public static IReadOnlyList<Func<ValidationRule>> SpecifiedRules { get; } =
    [
        () => new ExecutableDefinitions(),
        () => new UniqueOperationNames(),
        () => new LoneAnonymousOperation(),
        () => new SingleFieldSubscriptions(),
        () => new KnownTypeNames(),
        () => new FragmentsOnCompositeTypes(),
        () => new VariablesAreInputTypes(),
        () => new ScalarLeafs(),
        () => new FieldsOnCorrectType(),
        () => new UniqueFragmentNames(),
        () => new KnownFragmentNames(),
        () => new NoUnusedFragments(),
        () => new PossibleFragmentSpreads(),
        () => new NoFragmentCycles(),
        () => new UniqueVariableNames(),
        () => new NoUndefinedVariables(),
        () => new NoUnusedVariables(),
        () => new KnownDirectives(),
        () => new UniqueDirectivesPerLocation(),
        () => new KnownArgumentNames(),
        () => new UniqueArgumentNames(),
        () => new ValuesOfCorrectType(),
        () => new ProvidedRequiredArguments(),
        () => new VariablesInAllowedPosition(),
        () => new OverlappingFieldsCanBeMerged(),
        () => new UniqueInputFieldNames(),
        () => new KnownOperationTypes(),
        () => new MaxIntrospectionDepth(),
    ];

    /// <summary>What is wrong, in the order of discovery, no more than the options allow; empty for a document that can be carried out.</summary>
    public static IReadOnlyList<ValidationError> Validate(
        Types.Schema schema, DocumentNode document, ValidationOptions? options = null, IEnumerable<Func<ValidationRule>>? rules = null)
    {
        var context = new ValidationContext(schema, document, options ?? ValidationOptions.Default);
        // First, since the rules recurse through fragments and rely on it.
        DepthLimits.Check(context);
        if (context.Errors.Count > 0)
            return context.Errors;

        var byKind = new List<ValidationRule>?[(int)SyntaxKind.DirectiveDefinition + 1];
        foreach (var create in rules ?? SpecifiedRules)
        {
            var rule = create();
            foreach (var kind in rule.Kinds)
                (byKind[(int)kind] ??= []).Add(rule);
        }

        new TypedWalker(
            schema,
            context.Types,
            (node, _) =>
            {
                if (byKind[(int)node.Kind] is not { } interested || context.IsFull)
                    return;
                foreach (var rule in interested)
                    rule.Enter(node, context);
            },
            (node, _) =>
            {
                if (byKind[(int)node.Kind] is not { } interested || context.IsFull)
                    return;
                foreach (var rule in interested)
                    rule.Leave(node, context);
            }).Walk(document);
        return context.Errors;
    }
}
