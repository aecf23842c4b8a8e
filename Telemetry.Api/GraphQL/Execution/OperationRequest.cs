using System.Text.Json;
using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>A request for an operation, however it came.</summary>
internal sealed record OperationRequest
{
    /// <summary>Null where the operation is asked for by its hash.</summary>
    public string? Document { get; init; }

    /// <summary>Null where the document has one operation only.</summary>
    public string? OperationName { get; init; }

    /// <summary>An object; null or absent for none.</summary>
    public JsonElement? Variables { get; init; }

    /// <summary>The SHA-256 of a persisted operation, in hexadecimal; null for none.</summary>
    public string? PersistedHash { get; init; }

    /// <summary>For resolvers' <see cref="Types.GlobalStateAttribute"/>.</summary>
    public IDictionary<string, object?> ContextData { get; init; } = new Dictionary<string, object?>();

    /// <summary>What the way by which it came can carry; false refuses with <see cref="ErrorCodes.OperationNotAllowed"/>.</summary>
    public Func<OperationType, bool> IsAllowed { get; init; } = static _ => true;
}

/// <summary>What became of a request: one result, or a stream of them.</summary>
internal abstract record ExecutionResult
{
    private ExecutionResult()
    {
    }

    public sealed record Single(OperationResult Result) : ExecutionResult;

    /// <summary>Of a subscription; enumerated once, and ended by its token or by disposing the enumerator.</summary>
    public sealed record ResponseStream(IAsyncEnumerable<OperationResult> Results) : ExecutionResult;
}
