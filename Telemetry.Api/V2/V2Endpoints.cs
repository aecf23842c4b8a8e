using Telemetry.Api.V2.OpenApi;

namespace Telemetry.Api.V2;

/// <summary>Ceilometer's REST API.</summary>
public static class V2Endpoints
{
    /// <summary>Maps the calls of <c>/v2</c> that ask for what is stored, the version document at the root and the OpenAPI document.</summary>
    public static IEndpointRouteBuilder MapV2(this IEndpointRouteBuilder routes)
    {
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
