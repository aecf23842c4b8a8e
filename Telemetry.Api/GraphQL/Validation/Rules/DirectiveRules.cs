using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>Every directive is defined, and stands where its definition allows. (5.7.1, 5.7.2)</summary>
internal sealed class KnownDirectives() : ValidationRule(
    "KnownDirectives", SyntaxKind.OperationDefinition, SyntaxKind.VariableDefinition, SyntaxKind.Field, SyntaxKind.FragmentSpread,
    SyntaxKind.InlineFragment, SyntaxKind.FragmentDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        foreach (var directive in DirectivesOf(node))
        {
            var location = LocationOf(node);
            if (context.Schema.FindDirective(directive.Name) is not { } definition)
                context.Report(Name, $"There is no directive \"@{directive.Name}\".", directive.Start);
            else if (!definition.Locations.HasFlag(location))
                context.Report(Name, $"\"@{directive.Name}\" cannot stand at {DirectiveLocations.All.First(l => l.Location == location).Name}.", directive.Start);
        }
    }

    public static IReadOnlyList<DirectiveNode> DirectivesOf(SyntaxNode node) => node switch
    {
        SelectionNode n => n.Directives,
        OperationDefinitionNode n => n.Directives,
        VariableDefinitionNode n => n.Directives,
        FragmentDefinitionNode n => n.Directives,
        _ => [],
    };

    private static DirectiveLocation LocationOf(SyntaxNode node) => node switch
    {
        FieldNode => DirectiveLocation.Field,
        FragmentSpreadNode => DirectiveLocation.FragmentSpread,
        InlineFragmentNode => DirectiveLocation.InlineFragment,
        FragmentDefinitionNode => DirectiveLocation.FragmentDefinition,
        VariableDefinitionNode => DirectiveLocation.VariableDefinition,
        OperationDefinitionNode { Operation: OperationType.Query } => DirectiveLocation.Query,
        OperationDefinitionNode { Operation: OperationType.Mutation } => DirectiveLocation.Mutation,
        _ => DirectiveLocation.Subscription,
    };
}

/// <summary>A directive that cannot be repeated stands once at a place. (5.7.3)</summary>
internal sealed class UniqueDirectivesPerLocation() : ValidationRule(
    "UniqueDirectivesPerLocation", SyntaxKind.OperationDefinition, SyntaxKind.VariableDefinition, SyntaxKind.Field, SyntaxKind.FragmentSpread,
    SyntaxKind.InlineFragment, SyntaxKind.FragmentDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var directives = KnownDirectives.DirectivesOf(node);
        if (directives.Count < 2)
            return;
        var known = new Dictionary<string, DirectiveNode>(StringComparer.Ordinal);
        foreach (var directive in directives)
        {
            if (context.Schema.FindDirective(directive.Name) is { IsRepeatable: false } && !known.TryAdd(directive.Name, directive))
                context.Report(Name, $"\"@{directive.Name}\" stands once at a place.", known[directive.Name].Start, directive.Start);
        }
    }
}
