namespace Telemetry.Api.GraphQL.Execution;

/// <summary>The codes of the engine's own errors. Source of the names: graphql-cats, Apollo Server and HotChocolate, where they agree with one another.</summary>
internal static class ErrorCodes
{
    public const string ParseFailed = "GRAPHQL_PARSE_FAILED";
    public const string ValidationFailed = "GRAPHQL_VALIDATION_FAILED";
    public const string BadUserInput = "BAD_USER_INPUT";
    public const string OperationResolutionFailure = "OPERATION_RESOLUTION_FAILURE";
    public const string PersistedQueryNotFound = "PERSISTED_QUERY_NOT_FOUND";
    public const string PersistedQueryMismatch = "PERSISTED_QUERY_MISMATCH";
    public const string BadRequest = "BAD_REQUEST";
    public const string CostExceeded = "COST_EXCEEDED";
    public const string DepthExceeded = "DEPTH_EXCEEDED";
    public const string TooComplex = "TOO_COMPLEX";
    public const string Timeout = "TIMEOUT";
    public const string Cancelled = "CANCELLED";
    public const string NullViolation = "NON_NULL_VIOLATION";
    public const string Internal = "INTERNAL_SERVER_ERROR";
    public const string OperationNotAllowed = "OPERATION_NOT_ALLOWED";
    public const string NotAuthorized = "AUTH_NOT_AUTHORIZED";
    public const string SlowSubscriber = "SLOW_SUBSCRIBER";
}
