using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>Refuses documents that nest too deep through their fragments, before anything else walks them.</summary>
/// <remarks>A fragment is measured once. What leads back to itself counts as ending there: the rule on cycles reports it.</remarks>
internal sealed class DepthLimits
{
    private const string Rule = "MaxExecutionDepth";
    private readonly ValidationContext _context;
    private readonly Dictionary<string, Depth> _fragments = new(StringComparer.Ordinal);
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private bool _isTooDeep;

    private DepthLimits(ValidationContext context) => _context = context;

    /// <summary>Nesting in fields, and in selection sets of any kind.</summary>
    private readonly record struct Depth(int Fields, int Structure)
    {
        public Depth Or(Depth other) => new(Math.Max(Fields, other.Fields), Math.Max(Structure, other.Structure));

        public Depth Under(bool isField) => new(Fields + (isField ? 1 : 0), Structure + 1);
    }

    public static void Check(ValidationContext context)
    {
        var limits = new DepthLimits(context);
        foreach (var definition in context.Document.Definitions)
        {
            var set = definition switch { OperationDefinitionNode o => o.SelectionSet, FragmentDefinitionNode f => f.SelectionSet, _ => null };
            if (set is null)
                continue;
            var depth = definition is FragmentDefinitionNode fragment ? limits.Of(fragment, 0) : limits.Of(set, 0);
            if (limits._isTooDeep || depth.Structure > ValidationOptions.MaxStructuralDepth)
            {
                context.Add(new(
                    Rule, $"Selections nest deeper than {ValidationOptions.MaxStructuralDepth} through fragments.", [definition.Start], ErrorCodes.DepthExceeded));
                return;
            }

            // Fragments count where operations spread them: those for introspection have another limit.
            if (definition is OperationDefinitionNode && depth.Fields > context.Options.MaxExecutionDepth)
            {
                context.Add(new(
                    Rule, $"Fields nest {depth.Fields} deep; {context.Options.MaxExecutionDepth} is allowed.", [definition.Start], ErrorCodes.DepthExceeded));
                return;
            }
        }
    }

    private Depth Of(SelectionSetNode set, int level)
    {
        if (level > ValidationOptions.MaxStructuralDepth)
        {
            _isTooDeep = true;
            return default;
        }

        var deepest = new Depth(0, 1);
        foreach (var selection in set.Selections)
        {
            if (_isTooDeep)
                break;
            switch (selection)
            {
                case FieldNode { SelectionSet: null }:
                    deepest = deepest.Or(new(1, 1));
                    break;
                case FieldNode field:
                    // Introspection has a rule of its own, by the depth of its lists.
                    var below = Of(field.SelectionSet, level + 1).Under(isField: true);
                    deepest = deepest.Or(field.Name.Value is "__schema" or "__type" ? below with { Fields = 1 } : below);
                    break;
                case InlineFragmentNode fragment:
                    deepest = deepest.Or(Of(fragment.SelectionSet, level + 1).Under(isField: false));
                    break;
                case FragmentSpreadNode spread when _context.Fragments.TryGetValue(spread.Name, out var fragment):
                    deepest = deepest.Or(Of(fragment, level + 1).Under(isField: false));
                    break;
            }
        }

        return deepest;
    }

    private Depth Of(FragmentDefinitionNode fragment, int level)
    {
        if (_fragments.TryGetValue(fragment.Name, out var known))
            return known;
        if (!_open.Add(fragment.Name))
            return new(0, 1);
        var depth = Of(fragment.SelectionSet, level);
        _open.Remove(fragment.Name);
        if (!_isTooDeep)
            _fragments[fragment.Name] = depth;
        return depth;
    }
}
