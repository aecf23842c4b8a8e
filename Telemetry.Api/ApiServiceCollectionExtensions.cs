using Telemetry.Api.V2.OpenApi;

namespace Telemetry.Api;

/// <summary>Registers what the REST API needs beside the readers.</summary>
public static class ApiServiceCollectionExtensions
{
    /// <summary>Settings, validated at start, and the OpenAPI document. The host adds an <c>IMeteringReader</c>.</summary>
    public static IServiceCollection AddTelemetryApi(this IServiceCollection services)
    {
        services.AddOptions<ApiOptions>().BindConfiguration("Telemetry:Api").ValidateDataAnnotations().ValidateOnStart();
        services.AddRouting();
        services.AddV2OpenApi();
        return services;
    }
}
