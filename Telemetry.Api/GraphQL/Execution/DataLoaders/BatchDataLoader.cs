namespace Telemetry.Api.GraphQL.Execution;

/// <summary>One value a key, read in batches. Safe for use by many threads.</summary>
internal abstract class BatchDataLoader<TKey, TValue>(IBatchScheduler batchScheduler, DataLoaderOptions options) : IDataLoader<TKey, TValue>
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, TaskCompletionSource<TValue?>> _promises = [];
    private List<TKey> _waiting = [];

    public Task<TValue?> LoadAsync(TKey key, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        TaskCompletionSource<TValue?>? promise;
        bool isFirst;
        lock (_lock)
        {
            if (_promises.TryGetValue(key, out promise))
                return promise.Task;
            promise = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _promises.Add(key, promise);
            _waiting.Add(key);
            isFirst = _waiting.Count == 1;
        }

        if (isFirst)
            batchScheduler.Schedule(DispatchAsync);
        return promise.Task;
    }

    public async Task<IReadOnlyList<TValue?>> LoadAsync(IReadOnlyCollection<TKey> keys, CancellationToken ct = default) =>
        await Task.WhenAll(keys.Select(k => LoadAsync(k, ct))).ConfigureAwait(false);

    public async Task<TValue> LoadRequiredAsync(TKey key, CancellationToken ct = default) =>
        await LoadAsync(key, ct).ConfigureAwait(false) ?? throw new KeyNotFoundException($"There is no {typeof(TValue).Name} of the key {key}.");

    /// <summary>Reads what keys stand for.</summary>
    /// <param name="keys">Distinct, at most <see cref="DataLoaderOptions.MaxBatchSize"/>.</param>
    /// <param name="ct">The request's.</param>
    /// <returns>Without those that stand for nothing.</returns>
    protected abstract Task<IReadOnlyDictionary<TKey, TValue>> LoadBatchAsync(IReadOnlyList<TKey> keys, CancellationToken ct);

    private async ValueTask DispatchAsync()
    {
        List<TKey> keys;
        lock (_lock)
        {
            keys = _waiting;
            _waiting = [];
        }

        await Task.WhenAll(keys.Chunk(options.MaxBatchSize).Select(LoadAsync)).ConfigureAwait(false);
    }

    private async Task LoadAsync(TKey[] keys)
    {
        try
        {
            // Back to the operation's queue: all promises are kept before any resolver runs on, so that the next batch is whole too.
            var values = await LoadBatchAsync(keys, options.RequestAborted).ConfigureAwait(true);
            foreach (var key in keys)
                Promise(key).TrySetResult(values.TryGetValue(key, out var value) ? value : default);
        }
        catch (OperationCanceledException e)
        {
            foreach (var key in keys)
                Promise(key).TrySetCanceled(e.CancellationToken);
        }
#pragma warning disable CA1031 // Whatever it is, those who wait for the keys get it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            foreach (var key in keys)
                Promise(key).TrySetException(e);
        }
    }

    private TaskCompletionSource<TValue?> Promise(TKey key)
    {
        lock (_lock)
            return _promises[key];
    }
}

/// <summary>Many values a key, read in batches; none is an empty list.</summary>
internal abstract class GroupedDataLoader<TKey, TValue>(IBatchScheduler batchScheduler, DataLoaderOptions options)
    : BatchDataLoader<TKey, IReadOnlyList<TValue>>(batchScheduler, options)
    where TKey : notnull
{
    protected abstract Task<ILookup<TKey, TValue>> LoadGroupedBatchAsync(IReadOnlyList<TKey> keys, CancellationToken ct);

    protected sealed override async Task<IReadOnlyDictionary<TKey, IReadOnlyList<TValue>>> LoadBatchAsync(IReadOnlyList<TKey> keys, CancellationToken ct)
    {
        var groups = await LoadGroupedBatchAsync(keys, ct).ConfigureAwait(false);
        return keys.ToDictionary(k => k, k => (IReadOnlyList<TValue>)[.. groups[k]]);
    }
}

/// <summary>One value a key, each read alone, once a request.</summary>
internal abstract class CacheDataLoader<TKey, TValue>(IBatchScheduler batchScheduler, DataLoaderOptions options)
    : BatchDataLoader<TKey, TValue>(batchScheduler, options)
    where TKey : notnull
{
    protected abstract Task<TValue> LoadSingleAsync(TKey key, CancellationToken ct);

    protected sealed override async Task<IReadOnlyDictionary<TKey, TValue>> LoadBatchAsync(IReadOnlyList<TKey> keys, CancellationToken ct)
    {
        var values = await Task.WhenAll(keys.Select(k => LoadSingleAsync(k, ct))).ConfigureAwait(false);
        return keys.Zip(values).ToDictionary(p => p.First, p => p.Second);
    }
}

/// <summary>A loader made of a function; what <c>[DataLoader]</c> makes of a method.</summary>
internal sealed class DelegateDataLoader<TKey, TValue>(
    Func<IReadOnlyList<TKey>, CancellationToken, Task<IReadOnlyDictionary<TKey, TValue>>> load, IBatchScheduler batchScheduler, DataLoaderOptions options)
    : BatchDataLoader<TKey, TValue>(batchScheduler, options)
    where TKey : notnull
{
    protected override Task<IReadOnlyDictionary<TKey, TValue>> LoadBatchAsync(IReadOnlyList<TKey> keys, CancellationToken ct) => load(keys, ct);
}
