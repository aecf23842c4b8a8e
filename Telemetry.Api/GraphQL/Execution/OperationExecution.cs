using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Carries out one operation once. Source: GraphQL, September 2025, section 6.</summary>
/// <remarks>
/// Everything here runs in the <see cref="WorkQueue"/>, one thing at a time. A field whose value is there is completed at once; the
/// others are waited for all together, the root fields of a mutation one after another.
/// </remarks>
internal sealed partial class OperationExecution
{
    private readonly WorkQueue _queue = new();
    private readonly TaskCompletionSource<OperationResult> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ExecutionErrors _errors;
    private readonly CancellationToken _ct;
    private readonly Dictionary<Type, IDataLoader> _loaders = [];
    private TimeProvider _time = TimeProvider.System;
    private TimeSpan _timeout = Timeout.InfiniteTimeSpan;
    private long _startedAt;
    private int _objects;
    private object?[]?[] _arguments = [];
    private CancellationTokenSource? _abort;
    private TaskCompletionSource? _idle;
    private ObjectResult _root = null!;
    private int _pending;
    private bool _isOver;

    public OperationExecution(Operation operation, ExecutionRequest request, CancellationToken ct)
    {
        Operation = operation;
        Request = request;
        _errors = new(request, operation.Document.Syntax);
        _ct = ct;
    }

    public Operation Operation { get; }

    public ExecutionRequest Request { get; }

    public CancellationToken RequestAborted => (_abort ??= CancellationTokenSource.CreateLinkedTokenSource(_ct)).Token;

    /// <param name="source">The parent of the root fields.</param>
    /// <param name="timeout">How long it may take; what still runs then is left to itself.</param>
    /// <param name="time">Measures that.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; what still runs is left to itself.</exception>
    /// <exception cref="TimeoutException">It took longer.</exception>
    public async ValueTask<OperationResult> ExecuteAsync(object source, TimeSpan timeout, TimeProvider time)
    {
        (_timeout, _time, _startedAt) = (timeout, time, time.GetTimestamp());
        var aborting = _ct.UnsafeRegister(static e => ((OperationExecution)e!)._queue.Post(static e => ((OperationExecution)e!).Abort(), e), this);
        await using (aborting.ConfigureAwait(false))
        {
            _queue.Run(() => Start(source));
            if (_done.Task.IsCompleted)
                return await _done.Task.ConfigureAwait(false);
            // Only who waits needs a timer: an event to a thousand subscribers is a thousand executions, and none of them does.
            var timer = time.CreateTimer(
                static e => ((OperationExecution)e!)._queue.Post(static e => ((OperationExecution)e!).TimeOut(), e), this, timeout, Timeout.InfiniteTimeSpan);
            await using (timer.ConfigureAwait(false))
                return await _done.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Calls back with a field's context, for what is not a field's value: a subscription's stream.</summary>
    public Task<T> RunAsync<T>(Selection selection, Func<IResolverContext, ValueTask<T>> resolve)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _root = new(null, 0, isNullable: true, Operation.RootType, [selection]);
        _queue.Run(() => _ = CompleteAsync());
        return result.Task.WaitAsync(_ct);

        async Task CompleteAsync()
        {
            try
            {
                result.TrySetResult(await resolve(new ResolverContext(this, _root, 0, selection, RootSource.Instance, ArgumentsOf(selection))));
            }
#pragma warning disable CA1031 // The one who waits gets it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                result.TrySetException(e);
            }
        }
    }

    /// <summary>An error as the client may see it.</summary>
    public IReadOnlyList<IError> Describe(Exception exception, Selection selection) =>
        _errors.Describe(exception, _root.PathTo(0), selection.Nodes);

    public void ReportError(IError error) => _errors.Add(error);

    public T DataLoader<T>() where T : IDataLoader
    {
        lock (_loaders)
        {
            if (!_loaders.TryGetValue(typeof(T), out var loader))
            {
                var options = Request.DataLoaderOptions with { ContextData = Request.ContextData, RequestAborted = RequestAborted };
                _loaders.Add(typeof(T), loader = Request.DataLoaders.Create(typeof(T), Request.Services, _queue, options));
            }

            return (T)loader;
        }
    }

    public object?[] ArgumentsOf(Selection selection)
    {
        if (selection.ConstantArguments is { } constant)
            return constant;
        if (!selection.HasVariables)
            return selection.ConstantArguments = FieldArguments.Coerce(selection, Request.Variables);
        // A resolver that left the queue may ask for what is selected below it.
        lock (_loaders)
        {
            if (selection.Id >= _arguments.Length)
                Array.Resize(ref _arguments, Math.Max(Operation.SelectionCount, selection.Id + 1));
            return _arguments[selection.Id] ??= FieldArguments.Coerce(selection, Request.Variables);
        }
    }

    private void Start(object source)
    {
        try
        {
            var selections = Operation.GetSelections(Operation.Root, Operation.RootType);
            _root = new(null, 0, isNullable: true, Operation.RootType, selections);
            if (Operation.Definition.Operation == OperationType.Mutation)
            {
                _ = ExecuteSeriallyAsync(source);
                return;
            }

            ExecuteFields(_root, source);
            FinishIfIdle();
        }
        catch (LeafCoercionException e)
        {
            // A condition of @skip or @include that has no value: the request's fault, before any field.
            _isOver = true;
            _done.TrySetResult(OperationResult.RequestError([new Error(e.Message) { Code = ErrorCodes.BadUserInput }]));
        }
#pragma warning disable CA1031 // Nothing may leave the queue's thread: the one who waits gets it.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _done.TrySetException(e);
        }
    }

    private async Task ExecuteSeriallyAsync(object source)
    {
        try
        {
            for (var i = 0; i < _root.Selections.Length && !_isOver && !_root.IsDropped; i++)
            {
                ExecuteField(_root, i, source);
                if (_pending > 0)
                {
                    _idle = new();
                    await _idle.Task;
                }
            }

            _idle = null;
            FinishIfIdle();
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            _done.TrySetException(e);
        }
    }

    private void ExecuteFields(ObjectResult node, object source)
    {
        for (var i = 0; i < node.Selections.Length; i++)
        {
            if (node.IsDropped || _isOver)
                return;
            ExecuteField(node, i, source);
        }
    }

    private void ExecuteField(ObjectResult node, int index, object source)
    {
        var selection = node.Selections[index];
        try
        {
            var field = selection.Field;
            if (field.Property is { } property)
            {
                Complete(node, index, field.Type, property(source), selection);
                return;
            }

            if (field.Resolver is not { } resolver)
            {
                Complete(node, index, field.Type, DefaultResolver.Resolve(node.Type, field, source), selection);
                return;
            }

            var value = resolver(new ResolverContext(this, node, index, selection, source, ArgumentsOf(selection)));
            if (value.IsCompletedSuccessfully)
                Complete(node, index, field.Type, value.Result, selection);
            else
                _ = AwaitFieldAsync(node, index, value, selection);
        }
#pragma warning disable CA1031 // Whatever a resolver throws is its field's error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(node, index, !selection.Field.Type.IsNonNull, e, selection);
        }
    }

    private async Task AwaitFieldAsync(ObjectResult node, int index, ValueTask<object?> pending, Selection selection)
    {
        _pending++;
        try
        {
            var value = await pending.ConfigureAwait(true);
            if (!_isOver && !node.IsOutOfTree())
                Complete(node, index, selection.Field.Type, value, selection);
        }
#pragma warning disable CA1031 // As above.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (!_isOver)
                Fail(node, index, !selection.Field.Type.IsNonNull, e, selection);
        }

        EndWait();
    }

    private void EndWait()
    {
        if (--_pending > 0)
            return;
        if (_idle is { } idle)
            idle.TrySetResult();
        else
            FinishIfIdle();
    }

    private void FinishIfIdle()
    {
        if (_pending > 0 || _isOver)
            return;
        _isOver = true;
        _done.TrySetResult(new OperationResult(_root.IsDropped ? null : _root, hasData: true, _errors.All));
    }

    private void Abort()
    {
        _isOver = true;
        _idle?.TrySetResult();
        _done.TrySetCanceled(_ct);
    }

    private void TimeOut()
    {
        if (_isOver)
            return;
        _isOver = true;
        _idle?.TrySetResult();
        _done.TrySetException(new TimeoutException($"The operation took longer than {_timeout}."));
        _abort?.Cancel();
    }
}
