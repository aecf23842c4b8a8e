namespace Telemetry.Api.GraphQL.Language;

/// <summary>Walks a tree depth first, in the order of the text. The parser has bounded the depth.</summary>
internal abstract class SyntaxVisitor
{
    public void Visit(SyntaxNode? node)
    {
        if (node is null)
            return;
        if (!Enter(node))
            return;
        VisitChildren(node);
        Leave(node);
    }

    /// <summary>Called before a node's children; false leaves them, and <see cref="Leave"/>, out.</summary>
    protected virtual bool Enter(SyntaxNode node) => true;

    /// <summary>Called after a node's children.</summary>
    protected virtual void Leave(SyntaxNode node)
    {
    }

    private void VisitChildren(SyntaxNode node)
    {
        switch (node)
        {
            case DocumentNode n:
                VisitAll(n.Definitions);
                break;
            case OperationDefinitionNode n:
                VisitAll(n.VariableDefinitions);
                VisitAll(n.Directives);
                Visit(n.SelectionSet);
                break;
            case VariableDefinitionNode n:
                Visit(n.Variable);
                Visit(n.Type);
                Visit(n.DefaultValue);
                VisitAll(n.Directives);
                break;
            case SelectionSetNode n:
                VisitAll(n.Selections);
                break;
            case FieldNode n:
                VisitAll(n.Arguments);
                VisitAll(n.Directives);
                Visit(n.SelectionSet);
                break;
            case ArgumentNode n:
                Visit(n.Value);
                break;
            case FragmentSpreadNode n:
                VisitAll(n.Directives);
                break;
            case InlineFragmentNode n:
                Visit(n.TypeCondition);
                VisitAll(n.Directives);
                Visit(n.SelectionSet);
                break;
            case FragmentDefinitionNode n:
                Visit(n.TypeCondition);
                VisitAll(n.Directives);
                Visit(n.SelectionSet);
                break;
            case DirectiveNode n:
                VisitAll(n.Arguments);
                break;
            case ListValueNode n:
                VisitAll(n.Items);
                break;
            case ObjectValueNode n:
                VisitAll(n.Fields);
                break;
            case ObjectFieldNode n:
                Visit(n.Value);
                break;
            case ListTypeNode n:
                Visit(n.Type);
                break;
            case NonNullTypeNode n:
                Visit(n.Type);
                break;
            case TypeSystemNode n:
                VisitTypeSystem(n);
                break;
        }
    }

    private void VisitTypeSystem(TypeSystemNode node)
    {
        VisitAll(node.Directives);
        switch (node)
        {
            case SchemaDefinitionNode n:
                VisitAll(n.OperationTypes);
                break;
            case ComplexTypeDefinitionNode n:
                VisitAll(n.Interfaces);
                VisitAll(n.Fields);
                break;
            case FieldDefinitionNode n:
                VisitAll(n.Arguments);
                Visit(n.Type);
                break;
            case InputValueDefinitionNode n:
                Visit(n.Type);
                Visit(n.DefaultValue);
                break;
            case UnionTypeDefinitionNode n:
                VisitAll(n.Types);
                break;
            case EnumTypeDefinitionNode n:
                VisitAll(n.Values);
                break;
            case InputObjectTypeDefinitionNode n:
                VisitAll(n.Fields);
                break;
            case DirectiveDefinitionNode n:
                VisitAll(n.Arguments);
                break;
        }
    }

    private void VisitAll(IReadOnlyList<SyntaxNode> nodes)
    {
        for (var i = 0; i < nodes.Count; i++)
            Visit(nodes[i]);
    }
}
