using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Results of an event that many subscribers asked for alike, by the same operation without variables: carried out and written once.</summary>
internal sealed class SharedResults
{
    /// <summary>The name in a request's state of what tells those apart who may see different things, by equality. Without it nothing is shared.</summary>
    public const string ViewerKey = "viewer";

    private readonly ConditionalWeakTable<object, ConcurrentDictionary<(Operation, object), Task<OperationResult>>> _byEvent = [];

    /// <param name="message">The event, one object for all who are told of it.</param>
    /// <param name="operation">What is asked.</param>
    /// <param name="request">Who asks.</param>
    /// <param name="execute">Carries it out, where nobody did.</param>
    /// <param name="ct">The subscriber's.</param>
    public async ValueTask<OperationResult> GetAsync(object? message, Operation operation, ExecutionRequest request, Func<ValueTask<OperationResult>> execute, CancellationToken ct)
    {
        if (message is null or string or ValueType || request.Variables.Count > 0 || !request.ContextData.TryGetValue(ViewerKey, out var viewer) || viewer is null)
            return await execute().ConfigureAwait(false);
        var own = new TaskCompletionSource<OperationResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var shared = _byEvent.GetOrCreateValue(message).GetOrAdd((operation, viewer), own.Task);
        if (shared == own.Task)
        {
            try
            {
                var result = (await execute().ConfigureAwait(false)).AsShared();
                own.SetResult(result);
                return result;
            }
            catch (Exception e)
            {
                own.SetException(e);
                throw;
            }
        }

        try
        {
            return await shared.WaitAsync(ct).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whoever carried it out has left, or failed: that is no reason to fail too.
        catch (Exception) when (!ct.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return await execute().ConfigureAwait(false);
        }
    }
}
