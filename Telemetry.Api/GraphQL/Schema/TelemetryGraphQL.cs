using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Api.GraphQL.Http.Ide;
using Telemetry.Api.GraphQL.Schema.Subscriptions;
using Telemetry.Api.Intake;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>Settings of the GraphQL endpoint, section <c>Telemetry:GraphQL</c>.</summary>
public sealed class GraphQLOptions
{
    /// <summary>What an operation may cost, reckoned before it is carried out. 100 to 10 000 000; default 10 000.</summary>
    [Range(100, 10_000_000, ErrorMessage = "Telemetry:GraphQL:MaxCost is 100 to 10 000 000.")]
    public int MaxCost { get; set; } = 10_000;

    /// <summary>Whether pages for browsers are served at the endpoint. Default: true.</summary>
    public bool Ide { get; set; } = true;

    /// <summary>
    /// Seconds that the server waits for a client that owes it something: a socket's <c>connection_init</c>, the rest of a body, the answer to a ping,
    /// taking in what is sent to it. 0.1 to 60; default 1.
    /// </summary>
    [Range(0.1, 60.0, ErrorMessage = "Telemetry:GraphQL:ClientTimeoutSeconds is 0.1 to 60.")]
    public double ClientTimeoutSeconds { get; set; } = 1;

    /// <summary>Seconds between two pings on a socket, which find out who has left without a word. 0.1 to 3 600; default 10.</summary>
    [Range(0.1, 3_600.0, ErrorMessage = "Telemetry:GraphQL:KeepAliveSeconds is 0.1 to 3 600.")]
    public double KeepAliveSeconds { get; set; } = 10;
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
            server.ClientTimeout = TimeSpan.FromSeconds(options.Value.ClientTimeoutSeconds);
            server.Sockets.KeepAliveInterval = TimeSpan.FromSeconds(options.Value.KeepAliveSeconds);
            // Once pages of other sites may call, a query by GET has to show that the browser asked first.
            server.EnforceGetRequestsPreflightHeader = api.Value.CorsOrigins.Count > 0;
            server.AllowedOrigins = api.Value.CorsOrigins;
        });
        services.AddSingleton<SamplePosts>();
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
