using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>A document to carry out holds operations and fragments only. (5.1.1)</summary>
internal sealed class ExecutableDefinitions() : ValidationRule("ExecutableDefinitions", SyntaxKind.Document)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        foreach (var definition in ((DocumentNode)node).Definitions)
        {
            if (definition is TypeSystemNode)
                context.Report(Name, $"{NameOf(definition)} is part of a schema: only operations and fragments can be carried out.", definition.Start);
        }
    }

    private static string NameOf(SyntaxNode node) => node switch
    {
        SchemaDefinitionNode => "The schema definition",
        TypeDefinitionNode t => $"The definition of \"{t.Name}\"",
        DirectiveDefinitionNode d => $"The definition of \"@{d.Name}\"",
        _ => "The definition",
    };
}

/// <summary>No two operations have one name. (5.2.2.1)</summary>
internal sealed class UniqueOperationNames() : ValidationRule("UniqueOperationNames", SyntaxKind.OperationDefinition)
{
    private readonly Dictionary<string, NameNode> _known = new(StringComparer.Ordinal);

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        if (((OperationDefinitionNode)node).Name is { } name && !_known.TryAdd(name, name))
            context.Report(Name, $"There are two operations named \"{name}\".", _known[name].Start, name.Start);
    }
}

/// <summary>An operation without a name is the only one. (5.2.3.1)</summary>
internal sealed class LoneAnonymousOperation() : ValidationRule("LoneAnonymousOperation", SyntaxKind.Document)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var operations = ((DocumentNode)node).Definitions.OfType<OperationDefinitionNode>().ToList();
        if (operations.Count < 2)
            return;
        foreach (var operation in operations.Where(o => o.Name is null))
            context.Report(Name, "An operation without a name is the only one of its document.", operation.Start);
    }
}

/// <summary>The schema has a root type for the operation. (5.2.1.1)</summary>
internal sealed class KnownOperationTypes() : ValidationRule("KnownOperationTypes", SyntaxKind.OperationDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var operation = (OperationDefinitionNode)node;
        if (context.Schema.RootType(operation.Operation) is null)
            context.Report(Name, $"The schema has no {SyntaxPrinter.Keyword(operation.Operation)} type.", operation.Start);
    }
}

/// <summary>A subscription selects one field, no field of introspection, and that unconditionally. (5.2.4.1)</summary>
internal sealed class SingleFieldSubscriptions() : ValidationRule("SingleFieldSubscriptions", SyntaxKind.OperationDefinition)
{
    public const string ConditionsRule = "NoConditionsOnSubscriptionRoot";

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var operation = (OperationDefinitionNode)node;
        if (operation.Operation != OperationType.Subscription || context.Schema.SubscriptionType is null)
            return;
        var fields = new List<FieldNode>();
        Collect(operation.SelectionSet, fields, new HashSet<string>(StringComparer.Ordinal), context);
        var groups = fields.GroupBy(f => f.ResponseName).ToList();
        var title = operation.Name is { } name ? $"Subscription \"{name}\"" : "The subscription";
        if (groups.Count > 1)
            context.Report(Name, $"{title} selects one field at its root.", [.. groups.Skip(1).SelectMany(g => g).Select(f => f.Start)]);
        foreach (var group in groups.Where(g => g.First().Name.Value.StartsWith("__", StringComparison.Ordinal)))
            context.Report(Name, $"{title} selects no field of introspection at its root.", [.. group.Select(f => f.Start)]);
    }

    private static void Collect(SelectionSetNode set, List<FieldNode> fields, HashSet<string> seen, ValidationContext context)
    {
        foreach (var selection in set.Selections)
        {
            foreach (var directive in selection.Directives.Where(d => d.Name.Value is "skip" or "include"))
                context.Report(ConditionsRule, $"@{directive.Name} cannot stand at the root of a subscription.", directive.Start);
            switch (selection)
            {
                case FieldNode field:
                    fields.Add(field);
                    break;
                case InlineFragmentNode fragment when Applies(fragment.TypeCondition, context):
                    Collect(fragment.SelectionSet, fields, seen, context);
                    break;
                case FragmentSpreadNode spread when seen.Add(spread.Name) && context.Fragments.TryGetValue(spread.Name, out var definition)
                    && Applies(definition.TypeCondition, context):
                    Collect(definition.SelectionSet, fields, seen, context);
                    break;
            }
        }
    }

    private static bool Applies(NamedTypeNode? condition, ValidationContext context) =>
        condition is null || (context.TypeOf(condition) is { } type && context.Schema.PossibleTypes(type).Contains(context.Schema.SubscriptionType!));
}
