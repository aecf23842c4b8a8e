using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Collects an execution's errors: what the client may see of them, and so many only.</summary>
internal sealed class ExecutionErrors(ExecutionRequest request, DocumentNode document)
{
    private readonly Lock _lock = new();
    private readonly List<IError> _errors = [];

    /// <summary>In the order of their discovery.</summary>
    public IReadOnlyList<IError> All
    {
        get
        {
            lock (_lock)
                return [.. _errors];
        }
    }

    public void Add(Exception exception, ResultNode node, int index, Selection selection)
    {
        if (_errors.Count >= request.MaxErrors)
            return;
        foreach (var error in Describe(exception, node.PathTo(index), selection.Nodes))
            Add(error);
    }

    public void Add(IError error)
    {
        lock (_lock)
        {
            if (_errors.Count < request.MaxErrors)
                _errors.Add(request.Filter(error));
        }
    }

    public IReadOnlyList<IError> Describe(Exception exception, Path path, IReadOnlyList<FieldNode> nodes)
    {
        var locations = nodes.Select(n => document.LocationOf(n.Start)).ToArray();
        return exception switch
        {
            GraphQLException e => [.. e.Errors.Select(error => Error.From(error) with
            {
                Path = error.Path ?? path,
                Locations = error.Locations.Count > 0 ? error.Locations : locations,
            })],
            LeafCoercionException e => [At(e.Message, ErrorCodes.BadUserInput)],
            NullViolationException => [At($"{nodes[0].Name} is never null, and has no value.", ErrorCodes.NullViolation)],
            ResultCoercionException e => [At(e.Message, ErrorCodes.Internal)],
            _ => [At("Unexpected Execution Error", ErrorCodes.Internal)],
        };

        Error At(string message, string code) => new(message) { Code = code, Path = path, Locations = locations, Exception = exception };
    }
}
