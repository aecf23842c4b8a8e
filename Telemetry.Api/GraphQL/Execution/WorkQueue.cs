namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Runs everything of one operation on one thread at a time, and batches when nothing else can run.</summary>
/// <remarks>
/// Continuations of resolvers come back here because this is their synchronization context; so the executor needs no locks, and «no
/// resolver can run on» is an empty queue. What resolvers wait for runs elsewhere, in parallel.
/// </remarks>
internal sealed class WorkQueue : SynchronizationContext, IBatchScheduler, IThreadPoolWorkItem
{
    private readonly Lock _lock = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _work = [];
    private readonly List<Func<ValueTask>> _batches = [];
    private bool _isRunning;

    /// <summary>Runs an action and all that it leads to, as far as it goes without waiting, on the caller's thread.</summary>
    public void Run(Action action)
    {
        lock (_lock)
        {
            _work.Enqueue((static state => ((Action)state!)(), action));
            if (_isRunning)
                return;
            _isRunning = true;
        }

        Drain();
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
        {
            _work.Enqueue((d, state));
            if (_isRunning)
                return;
            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("A resolver does not block: it awaits.");

    public override SynchronizationContext CreateCopy() => this;

    /// <inheritdoc/>
    public void Schedule(Func<ValueTask> dispatch)
    {
        lock (_lock)
        {
            _batches.Add(dispatch);
            if (_isRunning)
                return;
            _isRunning = true;
        }

        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => Drain();

    private void Drain()
    {
        var outer = Current;
        SetSynchronizationContext(this);
        try
        {
            while (Next() is { } work)
                work.Callback(work.State);
        }
        finally
        {
            SetSynchronizationContext(outer);
        }
    }

    private (SendOrPostCallback Callback, object? State)? Next()
    {
        lock (_lock)
        {
            if (_work.TryDequeue(out var work))
                return work;
            if (_batches.Count == 0)
            {
                _isRunning = false;
                return null;
            }

            var batches = _batches.ToArray();
            _batches.Clear();
            return (static state => Dispatch((Func<ValueTask>[])state!), batches);
        }
    }

    private static void Dispatch(Func<ValueTask>[] batches)
    {
        // A loader gives its failures to those who wait for its keys; its own task ends well.
        foreach (var batch in batches)
            _ = batch().AsTask();
    }
}
