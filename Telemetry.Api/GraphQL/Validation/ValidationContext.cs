using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Validation;

/// <summary>What rules know while a document is walked: the types at the place where the walk is, the fragments, what is used where.</summary>
internal sealed class ValidationContext
{
    private readonly Dictionary<SyntaxNode, IReadOnlyList<FragmentSpreadNode>> _spreads = [];
    private readonly Dictionary<SyntaxNode, IReadOnlyList<VariableUsage>> _usages = [];
    private readonly List<ValidationError> _errors = [];

    public ValidationContext(Types.Schema schema, DocumentNode document, ValidationOptions options)
    {
        Schema = schema;
        Document = document;
        Options = options;
        var fragments = new Dictionary<string, FragmentDefinitionNode>(StringComparer.Ordinal);
        foreach (var definition in document.Definitions)
        {
            if (definition is FragmentDefinitionNode fragment)
                fragments[fragment.Name] = fragment;
        }

        Fragments = fragments;
    }

    public Types.Schema Schema { get; }
    public DocumentNode Document { get; }
    public ValidationOptions Options { get; }
    public IReadOnlyDictionary<string, FragmentDefinitionNode> Fragments { get; }
    public TypeTrail Types { get; } = new();
    public IReadOnlyList<ValidationError> Errors => _errors;
    public bool IsFull => _errors.Count >= Options.MaxAllowedErrors;

    public void Report(string rule, string message, params IReadOnlyList<int> offsets) => Add(new(rule, message, offsets));

    public void Add(ValidationError error)
    {
        if (!IsFull)
            _errors.Add(error);
    }

    /// <summary>The composite or other type that a fragment is on; null for an unknown one.</summary>
    public NamedType? TypeOf(NamedTypeNode? node) => node is null ? null : Schema.FindType(node.Name);

    /// <summary>The fragments that an operation or fragment spreads, wherever within it; those of an outer selection set first.</summary>
    public IReadOnlyList<FragmentSpreadNode> SpreadsIn(SyntaxNode definition)
    {
        if (_spreads.TryGetValue(definition, out var found))
            return found;
        var spreads = new List<FragmentSpreadNode>();
        var open = new Stack<SelectionSetNode>();
        open.Push(definition is OperationDefinitionNode operation ? operation.SelectionSet : ((FragmentDefinitionNode)definition).SelectionSet);
        while (open.TryPop(out var set))
        {
            foreach (var selection in set.Selections)
            {
                if (selection is FragmentSpreadNode spread)
                    spreads.Add(spread);
                else if ((selection is FieldNode field ? field.SelectionSet : ((InlineFragmentNode)selection).SelectionSet) is { } below)
                    open.Push(below);
            }
        }

        return _spreads[definition] = spreads;
    }

    /// <summary>The fragments that an operation reaches, each once, without recursion.</summary>
    public IReadOnlyList<FragmentDefinitionNode> FragmentsOf(OperationDefinitionNode operation)
    {
        var reached = new List<FragmentDefinitionNode>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<SyntaxNode>([operation]);
        while (open.TryPop(out var node))
        {
            foreach (var spread in SpreadsIn(node))
            {
                if (seen.Add(spread.Name) && Fragments.TryGetValue(spread.Name, out var fragment))
                {
                    reached.Add(fragment);
                    open.Push(fragment);
                }
            }
        }

        return reached;
    }

    /// <summary>The variables that an operation uses, those of its fragments included.</summary>
    public IEnumerable<VariableUsage> UsagesOf(OperationDefinitionNode operation)
    {
        foreach (var usage in UsagesIn(operation))
            yield return usage;
        foreach (var fragment in FragmentsOf(operation))
        {
            foreach (var usage in UsagesIn(fragment))
                yield return usage;
        }
    }

    private IReadOnlyList<VariableUsage> UsagesIn(SyntaxNode definition)
    {
        if (_usages.TryGetValue(definition, out var found))
            return found;
        var usages = new List<VariableUsage>();
        new TypedWalker(Schema, new TypeTrail(), (node, types) =>
        {
            if (node is VariableNode variable && !types.IsInVariableDefinition)
                usages.Add(new(variable, types.InputType, types.HasDefault, types.ParentInputType));
        }).Walk(definition);
        return _usages[definition] = usages;
    }
}

/// <summary>A variable in a value.</summary>
/// <param name="Node">Where.</param>
/// <param name="Type">Of the argument, item or field it stands for; null where that is unknown.</param>
/// <param name="HasDefault">Whether that argument or field has a default.</param>
/// <param name="ParentType">The type of the value it is a part of.</param>
internal sealed record VariableUsage(VariableNode Node, GraphQLType? Type, bool HasDefault, GraphQLType? ParentType);
