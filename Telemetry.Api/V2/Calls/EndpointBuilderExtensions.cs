using Telemetry.Api.Http;

namespace Telemetry.Api.V2.Calls;

/// <summary>What an endpoint says of itself: read by <see cref="Arguments"/> and by the OpenAPI document.</summary>
internal static class EndpointBuilderExtensions
{
    /// <summary>The arguments that the call takes; others are refused.</summary>
    public static TBuilder Takes<TBuilder>(this TBuilder endpoint, params Argument[] arguments) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new TakesArguments(arguments));

    /// <summary>The schema, of OpenApi/Schemas, of the body that the call reads.</summary>
    public static TBuilder Reads<TBuilder>(this TBuilder endpoint, string schema, bool list = false) where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new ReadsBody(schema, list));

    /// <summary>The schema of the answer's body.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder endpoint, string schema, bool list = false, int status = StatusCodes.Status200OK)
        where TBuilder : IEndpointConventionBuilder =>
        endpoint.WithMetadata(new AnswersBody(schema, list, status), AnswersJson.Mark);
}

internal sealed record ReadsBody(string Schema, bool IsList);

internal sealed record AnswersBody(string Schema, bool IsList, int Status);
