using Microsoft.Extensions.DependencyInjection.Extensions;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.CodeFirst;

namespace Telemetry.Api.GraphQL.Http;

/// <summary>Builds the one GraphQL server of a host.</summary>
internal interface IRequestExecutorBuilder
{
    IServiceCollection Services { get; }
}

/// <summary>Registration, under HotChocolate's names.</summary>
internal static class GraphQLServiceCollectionExtensions
{
    public static IRequestExecutorBuilder AddGraphQLServer(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<GraphQLMetrics>();
        services.TryAddSingleton<InMemoryTopics>();
        services.TryAddSingleton<ITopicEventSender>(s => s.GetRequiredService<InMemoryTopics>());
        services.TryAddSingleton<ITopicEventReceiver>(s => s.GetRequiredService<InMemoryTopics>());
        services.TryAddSingleton<DataLoaderRegistry>();
        services.AddOptions<RequestExecutorOptions>();
        services.AddOptions<GraphQLServerOptions>();
        services.TryAddSingleton(s => s.GetRequiredService<Microsoft.Extensions.Options.IOptions<RequestExecutorOptions>>().Value);
        services.TryAddSingleton(s => s.GetRequiredService<Microsoft.Extensions.Options.IOptions<GraphQLServerOptions>>().Value);
        services.TryAddSingleton(s =>
        {
            var builder = new SchemaBuilder();
            foreach (var configure in s.GetServices<Action<SchemaBuilder>>())
                configure(builder);
            return builder.Build(s.GetService<IServiceProviderIsService>(), s.GetRequiredService<DataLoaderRegistry>());
        });
        services.TryAddSingleton<RequestExecutor>();
        services.TryAddSingleton<GraphQLHttpHandler>();
        return new Builder(services);
    }

    /// <summary>Adds types to the schema.</summary>
    public static IRequestExecutorBuilder ConfigureSchema(this IRequestExecutorBuilder builder, Action<SchemaBuilder> configure)
    {
        builder.Services.AddSingleton(configure);
        return builder;
    }

    /// <summary>Takes a schema that is made already, instead of one of C# types.</summary>
    public static IRequestExecutorBuilder AddSchema(this IRequestExecutorBuilder builder, Types.Schema schema)
    {
        builder.Services.Replace(ServiceDescriptor.Singleton(schema));
        return builder;
    }

    public static IRequestExecutorBuilder ModifyRequestOptions(this IRequestExecutorBuilder builder, Action<RequestExecutorOptions> configure)
    {
        builder.Services.Configure(configure);
        return builder;
    }

    public static IRequestExecutorBuilder ModifyServerOptions(this IRequestExecutorBuilder builder, Action<GraphQLServerOptions> configure)
    {
        builder.Services.Configure(configure);
        return builder;
    }

    public static IRequestExecutorBuilder AddErrorFilter<T>(this IRequestExecutorBuilder builder) where T : class, IErrorFilter
    {
        builder.Services.AddSingleton<IErrorFilter, T>();
        return builder;
    }

    public static IRequestExecutorBuilder AddHttpRequestInterceptor<T>(this IRequestExecutorBuilder builder) where T : class, IHttpRequestInterceptor
    {
        builder.Services.AddSingleton<IHttpRequestInterceptor, T>();
        return builder;
    }

    public static IRequestExecutorBuilder AddAuthorizationHandler<T>(this IRequestExecutorBuilder builder) where T : class, IAuthorizationHandler
    {
        builder.Services.AddScoped<IAuthorizationHandler, T>();
        return builder;
    }

    private sealed record Builder(IServiceCollection Services) : IRequestExecutorBuilder;
}
