using Telemetry.Api.V2.OpenApi;

namespace Telemetry.Api.V2;

/// <summary>Ceilometer's REST API.</summary>
public static class V2Endpoints
{
    /// <summary>Maps every call of <c>/v2</c>, the version document at the root and the OpenAPI document.</summary>
    /// <param name="queries">Whether what is stored can be asked for.</param>
    /// <param name="intake">Whether samples are taken in.</param>
    public static IEndpointRouteBuilder MapV2(this IEndpointRouteBuilder routes, bool queries = true, bool intake = true)
    {
        if (intake)
        {
            routes.MapSampleIntake();
            routes.MapPublishedSamples();
        }
        if (!queries)
            return routes;
        routes.MapVersions();
        routes.MapCapabilities();
        routes.MapMeters();
        routes.MapOldSamples();
        routes.MapStatistics();
        routes.MapSamples();
        routes.MapResources();
        routes.MapSampleQuery();
        routes.MapV2OpenApi();
        return routes;
    }
}
