namespace Telemetry.Api.GraphQL.Language;

/// <summary>What an operation does.</summary>
internal enum OperationType
{
    Query,
    Mutation,
    Subscription,
}

/// <summary>A query, mutation or subscription.</summary>
/// <param name="name">Null for an anonymous operation.</param>
internal sealed class OperationDefinitionNode(
    int start, StringValueNode? description, OperationType operation, NameNode? name,
    IReadOnlyList<VariableDefinitionNode> variableDefinitions, IReadOnlyList<DirectiveNode> directives, SelectionSetNode selectionSet)
    : SyntaxNode(SyntaxKind.OperationDefinition, start)
{
    public StringValueNode? Description { get; } = description;
    public OperationType Operation { get; } = operation;
    public NameNode? Name { get; } = name;
    public IReadOnlyList<VariableDefinitionNode> VariableDefinitions { get; } = variableDefinitions;
    public IReadOnlyList<DirectiveNode> Directives { get; } = directives;
    public SelectionSetNode SelectionSet { get; } = selectionSet;
}

internal sealed class VariableDefinitionNode(
    int start, StringValueNode? description, VariableNode variable, TypeNode type, ValueNode? defaultValue, IReadOnlyList<DirectiveNode> directives)
    : SyntaxNode(SyntaxKind.VariableDefinition, start)
{
    public StringValueNode? Description { get; } = description;
    public VariableNode Variable { get; } = variable;
    public TypeNode Type { get; } = type;
    public ValueNode? DefaultValue { get; } = defaultValue;
    public IReadOnlyList<DirectiveNode> Directives { get; } = directives;
}

internal sealed class SelectionSetNode(int start, IReadOnlyList<SelectionNode> selections) : SyntaxNode(SyntaxKind.SelectionSet, start)
{
    public IReadOnlyList<SelectionNode> Selections { get; } = selections;
}

/// <summary>A field, a fragment spread or an inline fragment.</summary>
internal abstract class SelectionNode(SyntaxKind kind, int start, IReadOnlyList<DirectiveNode> directives) : SyntaxNode(kind, start)
{
    public IReadOnlyList<DirectiveNode> Directives { get; } = directives;
}

internal sealed class FieldNode(
    int start, NameNode? alias, NameNode name, IReadOnlyList<ArgumentNode> arguments, IReadOnlyList<DirectiveNode> directives, SelectionSetNode? selectionSet)
    : SelectionNode(SyntaxKind.Field, start, directives)
{
    public NameNode? Alias { get; } = alias;
    public NameNode Name { get; } = name;
    public IReadOnlyList<ArgumentNode> Arguments { get; } = arguments;
    public SelectionSetNode? SelectionSet { get; } = selectionSet;

    /// <summary>The key in the result.</summary>
    public string ResponseName { get; } = alias?.Value ?? name.Value;
}

internal sealed class FragmentSpreadNode(int start, NameNode name, IReadOnlyList<DirectiveNode> directives)
    : SelectionNode(SyntaxKind.FragmentSpread, start, directives)
{
    public NameNode Name { get; } = name;
}

internal sealed class InlineFragmentNode(int start, NamedTypeNode? typeCondition, IReadOnlyList<DirectiveNode> directives, SelectionSetNode selectionSet)
    : SelectionNode(SyntaxKind.InlineFragment, start, directives)
{
    public NamedTypeNode? TypeCondition { get; } = typeCondition;
    public SelectionSetNode SelectionSet { get; } = selectionSet;
}

internal sealed class FragmentDefinitionNode(
    int start, StringValueNode? description, NameNode name, NamedTypeNode typeCondition, IReadOnlyList<DirectiveNode> directives, SelectionSetNode selectionSet)
    : SyntaxNode(SyntaxKind.FragmentDefinition, start)
{
    public StringValueNode? Description { get; } = description;
    public NameNode Name { get; } = name;
    public NamedTypeNode TypeCondition { get; } = typeCondition;
    public IReadOnlyList<DirectiveNode> Directives { get; } = directives;
    public SelectionSetNode SelectionSet { get; } = selectionSet;
}

internal sealed class ArgumentNode(int start, NameNode name, ValueNode value) : SyntaxNode(SyntaxKind.Argument, start)
{
    public NameNode Name { get; } = name;
    public ValueNode Value { get; } = value;
}

internal sealed class DirectiveNode(int start, NameNode name, IReadOnlyList<ArgumentNode> arguments) : SyntaxNode(SyntaxKind.Directive, start)
{
    public NameNode Name { get; } = name;
    public IReadOnlyList<ArgumentNode> Arguments { get; } = arguments;
}
