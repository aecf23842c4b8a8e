using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Http.Ide;
using Telemetry.Api.GraphQL.Schema.Subscriptions;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Settings of the GraphQL endpoint, section <c>Telemetry:GraphQL</c>.</summary>
public sealed class GraphQLOptions
{
    /// <summary>What an operation may cost, reckoned before it is carried out. 100 to 10 000 000; default 10 000.</summary>
    [Range(100, 10_000_000, ErrorMessage = "Telemetry:GraphQL:MaxCost is 100 to 10 000 000.")]
    public int MaxCost { get; set; } = 10_000;

    /// <summary>Whether pages for browsers are served at the endpoint. Default: true.</summary>
    public bool Ide { get; set; } = true;
}

/// <summary>The telemetry schema behind the endpoint.</summary>
internal static class TelemetryGraphQL
{
    /// <summary>Adds the endpoint's services. The host adds the readers and commands that the fields use.</summary>
    public static IServiceCollection AddTelemetryGraphQL(this IServiceCollection services)
    {
        services.AddOptions<GraphQLOptions>().BindConfiguration("Telemetry:GraphQL").ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<RequestExecutorOptions>().Configure<IOptions<GraphQLOptions>>((executor, options) => executor.MaxCost = options.Value.MaxCost);
        services.AddOptions<GraphQLServerOptions>().Configure<IOptions<GraphQLOptions>, IOptions<ApiOptions>>((server, options, api) =>
        {
            server.Tool.Enable = options.Value.Ide;
            server.Tool.Title = "Telemetry";
            // Once pages of other sites may call, a query by GET has to show that the browser asked first.
            server.EnforceGetRequestsPreflightHeader = api.Value.CorsOrigins.Count > 0;
            server.AllowedOrigins = api.Value.CorsOrigins;
        });
        services.AddHostedService<LogFeed>();
        services.AddGraphQLServer()
            .ConfigureSchema(schema => schema
                .AddTypesOf(typeof(TelemetryGraphQL).Assembly, typeof(TelemetryGraphQL).Namespace)
                .AddGlobalObjectIdentification())
            .AddGraphQLIde()
            .AddErrorFilter<Refused>()
            .AddHttpRequestInterceptor<CallerOfRequest>();
        return services;
    }
}
