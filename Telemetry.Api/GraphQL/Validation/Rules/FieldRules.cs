using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>A leaf has no selections, everything else has. (5.3.3)</summary>
internal sealed class ScalarLeafs() : ValidationRule("ScalarLeafs", SyntaxKind.Field)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var field = (FieldNode)node;
        if (context.Types.Type is not { } type)
            return;
        if (type.Named.IsLeaf && field.SelectionSet is { } set)
            context.Report(Name, $"\"{field.Name}\" is of {type}, which has no fields to select.", set.Start);
        else if (!type.Named.IsLeaf && field.SelectionSet is null)
            context.Report(Name, $"\"{field.Name}\" is of {type}: say which fields, as in \"{field.Name} {{ … }}\".", field.Start);
    }
}

/// <summary>The type has the field. (5.3.1)</summary>
internal sealed class FieldsOnCorrectType() : ValidationRule("FieldsOnCorrectType", SyntaxKind.Field)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var field = (FieldNode)node;
        if (context.Types.ParentType is not { } type || context.Types.Field is not null)
            return;
        context.Report(Name, $"{type} has no field \"{field.Name}\".{Hint(type, field.Name, context.Schema)}", field.Start);
    }

    private static string Hint(NamedType type, string name, Types.Schema schema)
    {
        var owners = type.IsAbstract ? schema.PossibleTypes(type).Where(t => t.Fields.Find(name) is not null).Select(t => t.Name).Take(3).ToList() : [];
        if (owners.Count > 0)
            return $" It is one of {string.Join(", ", owners)}: use an inline fragment.";
        return (type as ComplexType)?.Fields.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } similar
            ? $" Names are read with their case: \"{similar.Name}\"."
            : "";
    }
}

/// <summary>Introspection's lists do not nest deeper than allowed; also, whether introspection is allowed.</summary>
internal sealed class MaxIntrospectionDepth() : ValidationRule("MaxIntrospectionDepth", SyntaxKind.Field)
{
    private readonly Dictionary<string, int> _measured = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var field = (FieldNode)node;
        if (field.Name.Value is not ("__schema" or "__type"))
            return;
        if (!context.Options.AllowIntrospection)
            context.Report("NoIntrospection", "Introspection is switched off.", field.Start);
        else if (Measure(field, context) >= context.Options.MaxIntrospectionDepth)
            context.Report(Name, $"Introspection nests {context.Options.MaxIntrospectionDepth} lists or more.", field.Start);
    }

    private int Measure(SelectionNode selection, ValidationContext context)
    {
        switch (selection)
        {
            case FieldNode field:
                var own = field.Name.Value is "fields" or "interfaces" or "possibleTypes" or "inputFields" ? 1 : 0;
                return own + (field.SelectionSet is { } set ? Measure(set, context) : 0);
            case InlineFragmentNode fragment:
                return Measure(fragment.SelectionSet, context);
            case FragmentSpreadNode spread when context.Fragments.TryGetValue(spread.Name, out var definition):
                if (_measured.TryGetValue(spread.Name, out var known))
                    return known;
                if (!_open.Add(spread.Name))
                    return 0;
                var depth = Measure(definition.SelectionSet, context);
                _open.Remove(spread.Name);
                return _measured[spread.Name] = depth;
            default:
                return 0;
        }
    }

    private int Measure(SelectionSetNode set, ValidationContext context)
    {
        var deepest = 0;
        foreach (var selection in set.Selections)
            deepest = Math.Max(deepest, Measure(selection, context));
        return deepest;
    }
}
