using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Reckons what an operation costs before it is carried out: a field with a resolver 10, an object 1, a leaf 0, times the lists around it.</summary>
/// <remarks>
/// Source: the IBM draft «GraphQL Cost Directive Specification», with the weights of HotChocolate. An upper bound: fields are not merged,
/// and of several types all count. A fragment is reckoned once.
/// </remarks>
internal sealed class CostAnalyzer
{
    private readonly Types.Schema _schema;
    private readonly PreparedDocument _document;
    private readonly IReadOnlyDictionary<string, object?> _variables;
    private readonly double _defaultListSize;
    private readonly Dictionary<string, double> _fragments = new(StringComparer.Ordinal);

    private CostAnalyzer(Types.Schema schema, PreparedDocument document, IReadOnlyDictionary<string, object?> variables, double defaultListSize)
    {
        _schema = schema;
        _document = document;
        _variables = variables;
        _defaultListSize = defaultListSize;
    }

    /// <exception cref="GraphQLException">A list needs an argument that says how long it is.</exception>
    public static double Reckon(
        Types.Schema schema, PreparedDocument document, OperationDefinitionNode operation, IReadOnlyDictionary<string, object?> variables, double defaultListSize) =>
        new CostAnalyzer(schema, document, variables, defaultListSize)
            .Of(operation.SelectionSet, schema.RootType(operation.Operation)!, null, new HashSet<string>(StringComparer.Ordinal));

    /// <param name="set">Selections.</param>
    /// <param name="parent">Of what.</param>
    /// <param name="sized">Fields that are as long as the field above says.</param>
    /// <param name="seen">Fragments of this set, each of which counts once.</param>
    private double Of(SelectionSetNode set, NamedType? parent, (string[] Fields, double Size)? sized, HashSet<string> seen)
    {
        var cost = 0d;
        foreach (var selection in set.Selections)
        {
            cost += selection switch
            {
                FieldNode field when parent is not null && Operation.FindField(_schema, parent, field.Name) is { } definition => Of(field, definition, sized),
                InlineFragmentNode fragment => Of(
                    fragment.SelectionSet, fragment.TypeCondition is { } condition ? _schema.FindType(condition.Name) : parent, sized, seen),
                FragmentSpreadNode spread when seen.Add(spread.Name) => Of(_document.Fragments[spread.Name], sized, seen),
                _ => 0,
            };
        }

        return cost;
    }

    private double Of(FragmentDefinitionNode fragment, (string[] Fields, double Size)? sized, HashSet<string> seen)
    {
        var type = _schema.FindType(fragment.TypeCondition.Name);
        if (sized is not null)
            return Of(fragment.SelectionSet, type, sized, seen);
        if (!_fragments.TryGetValue(fragment.Name, out var cost))
            _fragments[fragment.Name] = cost = Of(fragment.SelectionSet, type, null, new HashSet<string>(StringComparer.Ordinal));
        return cost;
    }

    private double Of(FieldNode node, OutputField field, (string[] Fields, double Size)? sized)
    {
        // Introspection is bounded by its depth.
        if (field.Weight == 0 && node.Name.Value.StartsWith("__", StringComparison.Ordinal))
            return 0;
        var type = field.Type.Named;
        var own = field.Weight ?? (field.Resolver is not null ? 10 : type.IsComposite ? 1 : 0);
        if (node.SelectionSet is not { } set)
            return own;
        var size = 1d;
        (string[], double)? below = null;
        if (sized is { } s && s.Fields.Contains(field.Name))
            size = s.Size;
        else if (field.ListSize is { } attribute)
            (size, below) = Size(node, field, attribute);
        else if (field.Type.Nullable() is ListType)
            size = _defaultListSize;
        var item = type.IsComposite && (size != 1 || field.Resolver is not null) ? 1 : 0;
        return own + (size * (item + Of(set, type, below, new HashSet<string>(StringComparer.Ordinal))));
    }

    private (double Size, (string[], double)? Below) Size(FieldNode node, OutputField field, ListSizeAttribute attribute)
    {
        var arguments = Arguments(node, field);
        if (attribute.RequireOneSlicingArgument && !attribute.SlicingArguments.Any(a => arguments.GetValueOrDefault(a) is not null))
        {
            throw new GraphQLException(new Error($"\"{field.Name}\" needs one of the arguments {string.Join(", ", attribute.SlicingArguments)}.")
            {
                Code = ErrorCodes.BadUserInput,
                Locations = [_document.Syntax.LocationOf(node.Start)],
            });
        }

        var size = attribute.GetSize(arguments);
        return attribute.SizedFields.Length > 0 ? (1, (attribute.SizedFields, size)) : (size, null);
    }

    /// <summary>As the resolver will have them; one that does not fit is left out: the field will fail.</summary>
    private Dictionary<string, object?> Arguments(FieldNode node, OutputField field)
    {
        var values = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var argument in field.Arguments)
        {
            var given = node.Arguments.FirstOrDefault(a => a.Name.Value == argument.Name);
            try
            {
                values[argument.Name] = given is null || (given.Value is VariableNode v && !_variables.ContainsKey(v.Name))
                    ? argument.CoercedDefault
                    : InputCoercion.CoerceLiteral(given.Value, argument.Type, _variables);
            }
            catch (LeafCoercionException)
            {
                values.Remove(argument.Name);
            }
        }

        return values;
    }
}
