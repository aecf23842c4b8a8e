using System.Collections.Concurrent;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>A document as the cache keeps it: parsed, judged, its operations at hand.</summary>
internal sealed class PreparedDocument
{
    private static readonly Dictionary<string, object?> NoVariables = [];
    private readonly ConcurrentDictionary<OperationDefinitionNode, Operation> _shared = [];
    private readonly bool _dependsOnVariables;

    public PreparedDocument(DocumentNode syntax, IReadOnlyList<IError> errors)
    {
        Syntax = syntax;
        Errors = errors;
        Operations = [.. syntax.Definitions.OfType<OperationDefinitionNode>()];
        var fragments = new Dictionary<string, FragmentDefinitionNode>(StringComparer.Ordinal);
        foreach (var fragment in syntax.Definitions.OfType<FragmentDefinitionNode>())
            fragments.TryAdd(fragment.Name, fragment);
        Fragments = fragments;
        var finder = new ConditionFinder();
        finder.Visit(syntax);
        _dependsOnVariables = finder.Found;
    }

    public DocumentNode Syntax { get; }

    /// <summary>What validation found; empty for a document that can be carried out.</summary>
    public IReadOnlyList<IError> Errors { get; }

    public IReadOnlyList<OperationDefinitionNode> Operations { get; }

    public IReadOnlyDictionary<string, FragmentDefinitionNode> Fragments { get; }

    /// <summary>Of operations without variables, as they were reckoned.</summary>
    public ConcurrentDictionary<OperationDefinitionNode, double> Costs { get; } = [];

    /// <summary>The operation with the fields that a request's variables leave in it.</summary>
    public Operation Prepare(Types.Schema schema, OperationDefinitionNode definition, IReadOnlyDictionary<string, object?> variables) => _dependsOnVariables
        ? Operation.Create(schema, this, definition, variables)
        : _shared.GetOrAdd(definition, static (d, a) => Operation.Create(a.schema, a.document, d, NoVariables), (schema, document: this));

    private sealed class ConditionFinder : SyntaxVisitor
    {
        public bool Found { get; private set; }

        protected override bool Enter(SyntaxNode node)
        {
            if (node is DirectiveNode directive && directive.Name.Value is "skip" or "include")
                Found |= directive.Arguments.Any(a => a.Value is VariableNode);
            return !Found && node is not ValueNode;
        }
    }
}
