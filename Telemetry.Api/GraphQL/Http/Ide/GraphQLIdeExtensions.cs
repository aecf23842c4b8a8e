using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Telemetry.Api.GraphQL.Http.Ide;

internal static class GraphQLIdeExtensions
{
    /// <summary>Shows browsers Banana Cake Pop at the endpoint and GraphiQL below it; <see cref="GraphQLToolOptions.Enable"/> switches both off.</summary>
    /// <param name="builder">The server.</param>
    /// <param name="folder">Where their files are. Default: <c>ide</c> beside the program.</param>
    public static IRequestExecutorBuilder AddGraphQLIde(this IRequestExecutorBuilder builder, string? folder = null)
    {
        builder.Services.TryAddSingleton<IGraphQLTool>(s =>
            new GraphQLIde(folder ?? Path.Combine(AppContext.BaseDirectory, "ide"), s.GetRequiredService<GraphQLServerOptions>().Tool));
        return builder;
    }
}
