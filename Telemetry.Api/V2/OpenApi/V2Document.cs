namespace Telemetry.Api.V2.OpenApi;

internal static class V2Document
{
    public static IServiceCollection AddV2OpenApi(this IServiceCollection services) => services;
    public static void MapV2OpenApi(this IEndpointRouteBuilder routes) { }
}
