namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Reads things by key, many at once, each once a request.</summary>
internal interface IDataLoader;

/// <typeparam name="TKey">Compared by equality.</typeparam>
/// <typeparam name="TValue">What a key stands for.</typeparam>
internal interface IDataLoader<TKey, TValue> : IDataLoader where TKey : notnull
{
    /// <summary>Null, or the type's default, for a key that stands for nothing.</summary>
    Task<TValue?> LoadAsync(TKey key, CancellationToken ct = default);

    /// <summary>In the order of the keys.</summary>
    Task<IReadOnlyList<TValue?>> LoadAsync(IReadOnlyCollection<TKey> keys, CancellationToken ct = default);

    /// <exception cref="KeyNotFoundException">The key stands for nothing.</exception>
    Task<TValue> LoadRequiredAsync(TKey key, CancellationToken ct = default);
}

/// <summary>Calls a loader back once no resolver can run on.</summary>
internal interface IBatchScheduler
{
    void Schedule(Func<ValueTask> dispatch);
}

/// <summary>Settings of loaders.</summary>
internal sealed record DataLoaderOptions
{
    /// <summary>Keys of one read at most. Default 1 024.</summary>
    public int MaxBatchSize { get; init; } = 1_024;

    /// <summary>The request's own state, such as its caller.</summary>
    public IDictionary<string, object?> ContextData { get; init; } = new Dictionary<string, object?>();

    /// <summary>Ends the reads with the request.</summary>
    public CancellationToken RequestAborted { get; init; }
}
