namespace Telemetry.Api.GraphQL.Execution;

/// <summary>What an execution is given beside the operation.</summary>
internal sealed record ExecutionRequest
{
    public required IServiceProvider Services { get; init; }

    /// <summary>Coerced; one that was not given and has no default is not in it.</summary>
    public IReadOnlyDictionary<string, object?> Variables { get; init; } = new Dictionary<string, object?>();

    public IDictionary<string, object?> ContextData { get; init; } = new Dictionary<string, object?>();

    public required DataLoaderRegistry DataLoaders { get; init; }

    public DataLoaderOptions DataLoaderOptions { get; init; } = new();

    public int MaxErrors { get; init; } = 100;

    /// <summary>Applied to every error.</summary>
    public Func<IError, IError> Filter { get; init; } = static e => e;
}
