using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation.Rules;

/// <summary>Every type that is named exists. (5.5.1.2, 5.8.2)</summary>
internal sealed class KnownTypeNames() : ValidationRule("KnownTypeNames", SyntaxKind.NamedType)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var name = ((NamedTypeNode)node).Name;
        if (context.Schema.FindType(name) is null)
            context.Report(Name, $"There is no type \"{name}\".", name.Start);
    }
}

/// <summary>A fragment is on an object, an interface or a union. (5.5.1.3)</summary>
internal sealed class FragmentsOnCompositeTypes() : ValidationRule("FragmentsOnCompositeTypes", SyntaxKind.InlineFragment, SyntaxKind.FragmentDefinition)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var condition = node is InlineFragmentNode inline ? inline.TypeCondition : ((FragmentDefinitionNode)node).TypeCondition;
        if (context.TypeOf(condition) is { IsComposite: false } type)
            context.Report(Name, $"A fragment cannot be on {type}, which has no fields.", condition!.Start);
    }
}

/// <summary>No two fragments have one name. (5.5.1.1)</summary>
internal sealed class UniqueFragmentNames() : ValidationRule("UniqueFragmentNames", SyntaxKind.FragmentDefinition)
{
    private readonly Dictionary<string, NameNode> _known = new(StringComparer.Ordinal);

    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var name = ((FragmentDefinitionNode)node).Name;
        if (!_known.TryAdd(name, name))
            context.Report(Name, $"There are two fragments named \"{name}\".", _known[name].Start, name.Start);
    }
}

/// <summary>Every fragment that is spread is defined. (5.5.2.1)</summary>
internal sealed class KnownFragmentNames() : ValidationRule("KnownFragmentNames", SyntaxKind.FragmentSpread)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var name = ((FragmentSpreadNode)node).Name;
        if (!context.Fragments.ContainsKey(name))
            context.Report(Name, $"There is no fragment \"{name}\".", name.Start);
    }
}

/// <summary>Every fragment is reached by an operation. (5.5.1.4)</summary>
internal sealed class NoUnusedFragments() : ValidationRule("NoUnusedFragments", SyntaxKind.Document)
{
    public override void Leave(SyntaxNode node, ValidationContext context)
    {
        var definitions = ((DocumentNode)node).Definitions;
        if (context.Fragments.Count == 0)
            return;
        var used = definitions.OfType<OperationDefinitionNode>().SelectMany(context.FragmentsOf).Select(f => f.Name.Value).ToHashSet();
        foreach (var fragment in definitions.OfType<FragmentDefinitionNode>().Where(f => !used.Contains(f.Name)))
            context.Report(Name, $"The fragment \"{fragment.Name}\" is not used.", fragment.Start);
    }
}

/// <summary>A fragment is spread where some object can be of both types. (5.5.2.3)</summary>
internal sealed class PossibleFragmentSpreads() : ValidationRule("PossibleFragmentSpreads", SyntaxKind.InlineFragment, SyntaxKind.FragmentSpread)
{
    public override void Enter(SyntaxNode node, ValidationContext context)
    {
        var type = node switch
        {
            InlineFragmentNode => context.Types.Type as NamedType,
            FragmentSpreadNode spread => context.TypeOf(context.Fragments.GetValueOrDefault(spread.Name)?.TypeCondition),
            _ => null,
        };
        if (type is { IsComposite: true } && context.Types.ParentType is { } parent && type != parent
            && !context.Schema.PossibleTypes(type).Overlaps(context.Schema.PossibleTypes(parent)))
            context.Report(Name, $"No object is both of {parent} and {type}.", node.Start);
    }
}

/// <summary>No fragment leads back to itself. (5.5.2.2)</summary>
internal sealed class NoFragmentCycles() : ValidationRule("NoFragmentCycles", SyntaxKind.FragmentDefinition)
{
    private readonly HashSet<string> _done = new(StringComparer.Ordinal);
    private readonly List<FragmentSpreadNode> _path = [];
    private readonly Dictionary<string, int> _onPath = new(StringComparer.Ordinal);

    public override void Enter(SyntaxNode node, ValidationContext context) => Search((FragmentDefinitionNode)node, context);

    // As deep as fragments spread one another, which DepthLimits has bounded.
    private void Search(FragmentDefinitionNode fragment, ValidationContext context)
    {
        if (!_done.Add(fragment.Name))
            return;
        _onPath[fragment.Name] = _path.Count;
        foreach (var spread in context.SpreadsIn(fragment))
        {
            _path.Add(spread);
            if (_onPath.TryGetValue(spread.Name, out var from))
            {
                var cycle = _path.Skip(from).ToList();
                var via = string.Concat(cycle.SkipLast(1).Select(s => $" by \"{s.Name}\""));
                context.Report(Name, $"The fragment \"{spread.Name}\" spreads itself{via}.", [.. cycle.Select(s => s.Start)]);
            }
            else if (context.Fragments.TryGetValue(spread.Name, out var next))
            {
                Search(next, context);
            }

            _path.RemoveAt(_path.Count - 1);
        }

        _onPath.Remove(fragment.Name);
    }
}
