namespace Telemetry.Api.GraphQL.Http;

/// <summary>The endpoint's route.</summary>
internal static class GraphQLEndpointRouteBuilderExtensions
{
    /// <summary>Queries, mutations and subscriptions at a path, over GET, POST, server-sent events and WebSocket; the schema and the page below it.</summary>
    /// <returns>For authorisation and CORS.</returns>
    public static IEndpointConventionBuilder MapGraphQL(this IEndpointRouteBuilder routes, string path = "/graphql")
    {
        var pipeline = routes.CreateApplicationBuilder();
        pipeline.UseWebSockets();
        pipeline.Run(context => context.RequestServices.GetRequiredService<GraphQLHttpHandler>().HandleAsync(context));
        return routes.Map($"{path.TrimEnd('/')}/{{**slug}}", pipeline.Build()).WithDisplayName("GraphQL");
    }
}
