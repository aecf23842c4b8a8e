using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Introspection;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>An operation of a valid document, its fields collected per type as they are needed. Source: GraphQL, September 2025, 6.3.2.</summary>
/// <remarks>Shared by requests, unless its <c>@skip</c> and <c>@include</c> take variables: then each request has its own.</remarks>
internal sealed class Operation
{
    private readonly IReadOnlyDictionary<string, object?> _variables;
    private int _selections;

    private Operation(Types.Schema schema, PreparedDocument document, OperationDefinitionNode definition, IReadOnlyDictionary<string, object?> variables)
    {
        Schema = schema;
        Document = document;
        Definition = definition;
        RootType = schema.RootType(definition.Operation)!;
        Root = new([definition.SelectionSet]);
        _variables = variables;
    }

    public Types.Schema Schema { get; }
    public PreparedDocument Document { get; }
    public OperationDefinitionNode Definition { get; }
    public ObjectType RootType { get; }
    public SelectionGroup Root { get; }

    /// <summary>An upper bound of the selections' ids so far.</summary>
    public int SelectionCount => _selections;

    /// <param name="definition">Of an operation whose root type the schema has.</param>
    /// <param name="variables">Those of the request for an operation of its own; empty for one that is shared.</param>
    public static Operation Create(Types.Schema schema, PreparedDocument document, OperationDefinitionNode definition, IReadOnlyDictionary<string, object?> variables) =>
        new(schema, document, definition, variables);

    /// <summary>The fields for an object, in the order of their first appearance.</summary>
    public Selection[] GetSelections(SelectionGroup group, ObjectType type)
    {
        if (group.Find(type) is { } found)
            return found;
        var fields = new OrderedFields();
        var visited = new HashSet<string>(StringComparer.Ordinal);
        foreach (var set in group.Sets)
            Collect(set, type, fields, visited);
        var selections = new List<Selection>(fields.Count);
        foreach (var nodes in fields.InOrder)
        {
            if (FindField(type, nodes[0].Name) is { } field)
                selections.Add(new(Interlocked.Increment(ref _selections) - 1, field, nodes));
        }

        Selection[] result = [.. selections];
        group.Add(type, result);
        return result;
    }

    /// <summary>A field by name, the three of introspection included.</summary>
    public static OutputField? FindField(Types.Schema schema, NamedType type, string name) => name switch
    {
        "__typename" => IntrospectionTypes.TypeNameField,
        "__schema" when type == schema.QueryType => IntrospectionTypes.SchemaField,
        "__type" when type == schema.QueryType => IntrospectionTypes.TypeField,
        _ => (type as ComplexType)?.Fields.Find(name),
    };

    private OutputField? FindField(ObjectType type, string name) => FindField(Schema, type, name);

    // As deep as fragments nest, which validation has bounded.
    private void Collect(SelectionSetNode set, ObjectType type, OrderedFields fields, HashSet<string> visited)
    {
        foreach (var selection in set.Selections)
        {
            if (!IsIncluded(selection))
                continue;
            switch (selection)
            {
                case FieldNode field:
                    fields.Add(field);
                    break;
                case InlineFragmentNode fragment when Applies(fragment.TypeCondition, type):
                    Collect(fragment.SelectionSet, type, fields, visited);
                    break;
                case FragmentSpreadNode spread when visited.Add(spread.Name):
                    var definition = Document.Fragments[spread.Name];
                    if (Applies(definition.TypeCondition, type))
                        Collect(definition.SelectionSet, type, fields, visited);
                    break;
            }
        }
    }

    private bool Applies(NamedTypeNode? condition, ObjectType type) =>
        condition is null || (Schema.FindType(condition.Name) is { } named && Schema.PossibleTypes(named).Contains(type));

    private bool IsIncluded(SelectionNode selection)
    {
        foreach (var directive in selection.Directives)
        {
            var isSkip = directive.Name == "skip";
            if (!isSkip && directive.Name != "include")
                continue;
            if (If(directive) == isSkip)
                return false;
        }

        return true;
    }

    private bool If(DirectiveNode directive) => directive.Arguments[0].Value switch
    {
        BooleanValueNode b => b.Value,
        VariableNode v when _variables.TryGetValue(v.Name, out var value) && value is bool b => b,
        _ => throw new LeafCoercionException($"@{directive.Name}(if:) is a {BooleanType.Instance}, and never null."),
    };

    /// <summary>Nodes by response name.</summary>
    private sealed class OrderedFields
    {
        private readonly Dictionary<string, List<FieldNode>> _byName = new(StringComparer.Ordinal);
        public List<List<FieldNode>> InOrder { get; } = [];
        public int Count => InOrder.Count;

        public void Add(FieldNode field)
        {
            if (!_byName.TryGetValue(field.ResponseName, out var nodes))
            {
                _byName.Add(field.ResponseName, nodes = []);
                InOrder.Add(nodes);
            }

            nodes.Add(field);
        }
    }
}
