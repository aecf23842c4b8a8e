using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>Walks an executable definition, keeping the types at hand. What is no executable definition it leaves alone.</summary>
internal sealed class TypedWalker(
    Types.Schema schema, TypeTrail types, Action<SyntaxNode, TypeTrail> enter, Action<SyntaxNode, TypeTrail>? leave = null)
{
    public void Walk(SyntaxNode node)
    {
        switch (node)
        {
            case DocumentNode n:
                enter(n, types);
                foreach (var definition in n.Definitions)
                    Walk(definition);
                leave?.Invoke(n, types);
                break;
            case OperationDefinitionNode n:
                var root = schema.RootType(n.Operation);
                types.PushType(root);
                enter(n, types);
                foreach (var variable in n.VariableDefinitions)
                    WalkVariableDefinition(variable);
                WalkDirectives(n.Directives);
                WalkSelections(n.SelectionSet);
                leave?.Invoke(n, types);
                types.PopType();
                break;
            case FragmentDefinitionNode n:
                types.PushType(schema.FindType(n.TypeCondition.Name));
                enter(n, types);
                enter(n.TypeCondition, types);
                WalkDirectives(n.Directives);
                WalkSelections(n.SelectionSet);
                leave?.Invoke(n, types);
                types.PopType();
                break;
        }
    }

    private void WalkVariableDefinition(VariableDefinitionNode node)
    {
        var type = TypeReferences.Resolve(schema, node.Type);
        types.PushInput(type is { IsInput: true } ? type : null, hasDefault: false);
        types.IsInVariableDefinition = true;
        enter(node, types);
        enter(node.Variable, types);
        WalkType(node.Type);
        if (node.DefaultValue is { } value)
            WalkValue(value);
        WalkDirectives(node.Directives);
        leave?.Invoke(node, types);
        types.IsInVariableDefinition = false;
        types.PopInput();
    }

    private void WalkType(TypeNode node)
    {
        while (true)
        {
            switch (node)
            {
                case ListTypeNode n:
                    node = n.Type;
                    continue;
                case NonNullTypeNode n:
                    node = n.Type;
                    continue;
                default:
                    enter(node, types);
                    return;
            }
        }
    }

    private void WalkSelections(SelectionSetNode set)
    {
        var parent = types.Type?.Named;
        types.PushParent(parent is { IsComposite: true } ? parent : null);
        enter(set, types);
        for (var i = 0; i < set.Selections.Count; i++)
        {
            switch (set.Selections[i])
            {
                case FieldNode field:
                    WalkField(field);
                    break;
                case InlineFragmentNode fragment:
                    WalkInlineFragment(fragment);
                    break;
                case FragmentSpreadNode spread:
                    enter(spread, types);
                    WalkDirectives(spread.Directives);
                    leave?.Invoke(spread, types);
                    break;
            }
        }

        leave?.Invoke(set, types);
        types.PopParent();
    }

    private void WalkField(FieldNode node)
    {
        var field = types.ParentType is { } parent ? Operation.FindField(schema, parent, node.Name) : null;
        types.PushField(field);
        types.PushType(field?.Type);
        enter(node, types);
        WalkArguments(node.Arguments, field?.Arguments);
        WalkDirectives(node.Directives);
        if (node.SelectionSet is { } set)
            WalkSelections(set);
        leave?.Invoke(node, types);
        types.PopType();
        types.PopField();
    }

    private void WalkInlineFragment(InlineFragmentNode node)
    {
        types.PushType(node.TypeCondition is { } condition ? schema.FindType(condition.Name) : types.Type?.Named);
        enter(node, types);
        if (node.TypeCondition is { } type)
            enter(type, types);
        WalkDirectives(node.Directives);
        WalkSelections(node.SelectionSet);
        leave?.Invoke(node, types);
        types.PopType();
    }

    private void WalkDirectives(IReadOnlyList<DirectiveNode> nodes)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            types.Directive = schema.FindDirective(node.Name);
            types.IsInDirective = true;
            enter(node, types);
            WalkArguments(node.Arguments, types.Directive?.Arguments);
            leave?.Invoke(node, types);
            types.Directive = null;
            types.IsInDirective = false;
        }
    }

    private void WalkArguments(IReadOnlyList<ArgumentNode> nodes, NamedList<InputField>? definitions)
    {
        for (var i = 0; i < nodes.Count; i++)
        {
            var node = nodes[i];
            var argument = definitions?.Find(node.Name);
            types.Argument = argument;
            types.PushInput(argument?.Type, argument?.DefaultValue is not null);
            enter(node, types);
            WalkValue(node.Value);
            leave?.Invoke(node, types);
            types.PopInput();
            types.Argument = null;
        }
    }

    private void WalkValue(ValueNode value)
    {
        switch (value)
        {
            case ListValueNode list:
                var listType = types.InputType?.Nullable();
                types.PushInput(listType is ListType l ? l.OfType : listType, hasDefault: false);
                enter(list, types);
                foreach (var item in list.Items)
                    WalkValue(item);
                leave?.Invoke(list, types);
                types.PopInput();
                break;
            case ObjectValueNode o:
                enter(o, types);
                var objectType = types.InputType?.Named as InputObjectType;
                foreach (var field in o.Fields)
                {
                    var definition = objectType?.Fields.Find(field.Name);
                    types.PushInput(definition?.Type, definition?.DefaultValue is not null);
                    enter(field, types);
                    WalkValue(field.Value);
                    leave?.Invoke(field, types);
                    types.PopInput();
                }

                leave?.Invoke(o, types);
                break;
            default:
                enter(value, types);
                break;
        }
    }
}
