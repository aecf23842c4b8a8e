using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>Fields with one key in the answer can be made into one field. (5.3.2)</summary>
/// <remarks>
/// Not pair by pair, which is quadratic and worse through fragments, but level by level: all fields of one key are compared with the first
/// of them, then what they select is taken together. The answer must have one shape whatever the objects' types; and fields of one key
/// that one object can have must be the same field with the same arguments. Sets of fields that were judged are not judged again, and the
/// work is bounded. The idea is S. Adameit's, «GraphQL overlapping fields can be merged fast» (2018).
/// </remarks>
internal sealed class OverlappingFieldsCanBeMerged() : ValidationRule(
    "OverlappingFieldsCanBeMerged", SyntaxKind.OperationDefinition, SyntaxKind.FragmentDefinition)
{
    private readonly HashSet<FieldSet> _shapes = [];
    private readonly HashSet<FieldSet> _parents = [];
    private readonly Dictionary<ArgumentNode, string> _arguments = [];
    private int _steps;
    private ValidationContext _context = null!;

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        _context = context;
        if (_steps > context.Options.MaxMergeSteps)
            return;
        try
        {
            var level = new List<Occurrence>();
            if (node is OperationDefinitionNode operation)
                Expand(operation.SelectionSet, context.Schema.RootType(operation.Operation), level, new HashSet<string>(StringComparer.Ordinal));
            else if (node is FragmentDefinitionNode fragment)
                Expand(fragment.SelectionSet, context.TypeOf(fragment.TypeCondition), level, new HashSet<string>(StringComparer.Ordinal) { fragment.Name });
            _ = CheckShapes(level, 0) && CheckParents(level, 0);
        }
        catch (TooManyStepsException)
        {
            context.Add(new(
                Name, $"The fields overlap in too many ways: more than {context.Options.MaxMergeSteps} steps to compare them.", [node.Start],
                ErrorCodes.TooComplex));
        }
    }

    /// <summary>A field where a selection set is spread.</summary>
    private readonly record struct Occurrence(FieldNode Node, NamedType? Parent, OutputField? Field);

    private bool CheckShapes(List<Occurrence> level, int depth)
    {
        if (depth > ValidationOptions.MaxStructuralDepth)
            return false;
        foreach (var group in GroupByName(level))
        {
            if (!IsNew(group, _shapes))
                continue;
            var first = group[0];
            foreach (var other in group)
            {
                if (first.Field is { } a && other.Field is { } b && !HaveOneShape(a.Type, b.Type))
                    return Conflict(first, other, $"they are of {a.Type} and {b.Type}");
                if (first.Field is null)
                    first = other;
            }

            if (!CheckShapes(Below(group), depth + 1))
                return false;
        }

        return true;
    }

    private bool CheckParents(List<Occurrence> level, int depth)
    {
        if (depth > ValidationOptions.MaxStructuralDepth)
            return false;
        foreach (var named in GroupByName(level))
        {
            foreach (var group in GroupByParent(named))
            {
                if (!IsNew(group, _parents))
                    continue;
                foreach (var other in group.Skip(1))
                {
                    if (group[0].Node.Name.Value != other.Node.Name.Value)
                        return Conflict(group[0], other, $"they are \"{group[0].Node.Name}\" and \"{other.Node.Name}\"");
                    if (!HaveSameArguments(group[0].Node.Arguments, other.Node.Arguments))
                        return Conflict(group[0], other, "their arguments differ");
                }

                if (!CheckParents(Below(group), depth + 1))
                    return false;
            }
        }

        return true;
    }

    /// <summary>False for a set that was judged, and for a leaf alone, of which nothing can be said.</summary>
    private static bool IsNew(List<Occurrence> group, HashSet<FieldSet> judged) =>
        (group.Count > 1 || group[0].Node.SelectionSet is not null) && judged.Add(new(group));

    private bool Conflict(Occurrence a, Occurrence b, string why)
    {
        _context.Report(Name, $"The fields \"{a.Node.ResponseName}\" cannot be one: {why}. Give one of them another alias.", a.Node.Start, b.Node.Start);
        return false;
    }

    private List<Occurrence> Below(List<Occurrence> group)
    {
        var fields = new List<Occurrence>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var occurrence in group)
        {
            if (occurrence.Node.SelectionSet is { } set)
                Expand(set, occurrence.Field?.Type.Named, fields, seen);
        }

        return fields;
    }

    private void Expand(SelectionSetNode set, NamedType? parent, List<Occurrence> fields, HashSet<string> seen)
    {
        foreach (var selection in set.Selections)
        {
            if (++_steps > _context.Options.MaxMergeSteps)
                throw new TooManyStepsException();
            switch (selection)
            {
                case FieldNode field:
                    fields.Add(new(field, parent, parent is null ? null : Operation.FindField(_context.Schema, parent, field.Name)));
                    break;
                case InlineFragmentNode fragment:
                    Expand(fragment.SelectionSet, fragment.TypeCondition is { } condition ? _context.TypeOf(condition) : parent, fields, seen);
                    break;
                case FragmentSpreadNode spread when seen.Add(spread.Name) && _context.Fragments.TryGetValue(spread.Name, out var definition):
                    Expand(definition.SelectionSet, _context.TypeOf(definition.TypeCondition), fields, seen);
                    break;
            }
        }
    }

    private static List<List<Occurrence>> GroupByName(List<Occurrence> level)
    {
        var groups = new List<List<Occurrence>>(level.Count);
        var byName = level.Count > 8 ? new Dictionary<string, List<Occurrence>>(StringComparer.Ordinal) : null;
        foreach (var occurrence in level)
        {
            var name = occurrence.Node.ResponseName;
            var group = byName is null ? groups.Find(g => g[0].Node.ResponseName == name) : byName.GetValueOrDefault(name);
            if (group is null)
            {
                groups.Add(group = new(1));
                byName?.Add(name, group);
            }

            group.Add(occurrence);
        }

        return groups;
    }

    /// <summary>Fields that one object can have: those of each object type, each time with all those of abstract and unknown types.</summary>
    private static IEnumerable<List<Occurrence>> GroupByParent(List<Occurrence> named)
    {
        if (named.Count == 1)
            return [named];
        var common = named.Where(o => o.Parent is not ObjectType).ToList();
        var objects = named.Where(o => o.Parent is ObjectType).GroupBy(o => o.Parent).ToList();
        return objects.Count == 0 ? [common] : objects.Select(g => common.Concat(g).ToList());
    }

    private static bool HaveOneShape(GraphQLType a, GraphQLType b)
    {
        while (true)
        {
            switch (a, b)
            {
                case (NonNullType x, NonNullType y):
                    (a, b) = (x.OfType, y.OfType);
                    continue;
                case (ListType x, ListType y):
                    (a, b) = (x.OfType, y.OfType);
                    continue;
                case (NonNullType or ListType, _) or (_, NonNullType or ListType):
                    return false;
                default:
                    return (a.IsComposite && b.IsComposite) || ReferenceEquals(a, b);
            }
        }
    }

    private bool HaveSameArguments(IReadOnlyList<ArgumentNode> a, IReadOnlyList<ArgumentNode> b)
    {
        if (a.Count != b.Count)
            return false;
        foreach (var argument in a)
        {
            var other = b.FirstOrDefault(x => x.Name.Value == argument.Name.Value);
            if (other is null || TextOf(argument) != TextOf(other))
                return false;
        }

        return true;
    }

    private string TextOf(ArgumentNode argument)
    {
        if (!_arguments.TryGetValue(argument, out var text))
            _arguments[argument] = text = Sorted(argument.Value).ToString();
        return text;
    }

    /// <summary>The value with its objects' fields by name: their order does not matter.</summary>
    private static ValueNode Sorted(ValueNode value) => value switch
    {
        ObjectValueNode o => new ObjectValueNode(
            0, [.. o.Fields.OrderBy(f => f.Name.Value, StringComparer.Ordinal).Select(f => new ObjectFieldNode(0, f.Name, Sorted(f.Value)))]),
        ListValueNode l => new ListValueNode(0, [.. l.Items.Select(Sorted)]),
        _ => value,
    };

    /// <summary>Fields by their places in the document, whatever the order.</summary>
    private readonly struct FieldSet : IEquatable<FieldSet>
    {
        private readonly int[] _starts;
        private readonly int _hash;

        public FieldSet(List<Occurrence> fields)
        {
            _starts = new int[fields.Count];
            for (var i = 0; i < _starts.Length; i++)
                _starts[i] = fields[i].Node.Start;
            Array.Sort(_starts);
            var hash = new HashCode();
            foreach (var start in _starts)
                hash.Add(start);
            _hash = hash.ToHashCode();
        }

        public bool Equals(FieldSet other) => _hash == other._hash && _starts.AsSpan().SequenceEqual(other._starts);

        public override bool Equals(object? obj) => obj is FieldSet other && Equals(other);

        public override int GetHashCode() => _hash;
    }

    private sealed class TooManyStepsException : Exception;
}
