using Telemetry.Api.GraphQL.Language;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>An error of a response: all of it is shown to the client.</summary>
internal interface IError
{
    string Message { get; }

    /// <summary>A name in capitals; the response's <c>extensions.code</c>.</summary>
    string? Code { get; }

    Path? Path { get; }

    IReadOnlyList<Location> Locations { get; }

    /// <summary>Beside the code and the trace id.</summary>
    IReadOnlyDictionary<string, object?> Extensions { get; }

    /// <summary>What was thrown: for logs and filters, never for the client.</summary>
    Exception? Exception { get; }
}

internal sealed record Error(string Message) : IError
{
    public string? Code { get; init; }
    public Path? Path { get; init; }
    public IReadOnlyList<Location> Locations { get; init; } = [];
    public IReadOnlyDictionary<string, object?> Extensions { get; init; } = new Dictionary<string, object?>();
    public Exception? Exception { get; init; }

    public static Error From(IError error) => error as Error ?? new Error(error.Message)
    {
        Code = error.Code,
        Path = error.Path,
        Locations = error.Locations,
        Extensions = error.Extensions,
        Exception = error.Exception,
    };
}

/// <summary>Ends a resolver with errors that the client is to see.</summary>
internal sealed class GraphQLException(params IReadOnlyList<IError> errors) : Exception(errors.Count > 0 ? errors[0].Message : "")
{
    public GraphQLException(string message)
        : this(new Error(message))
    {
    }

    public IReadOnlyList<IError> Errors { get; } = errors;
}

/// <summary>Changes errors before they are sent: an application's own exceptions become codes and texts here.</summary>
internal interface IErrorFilter
{
    IError OnError(IError error);
}
