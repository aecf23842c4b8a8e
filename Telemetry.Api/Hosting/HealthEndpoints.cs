using Telemetry.Projections.Running;

namespace Telemetry.Api.Hosting;

/// <summary>Whether the process lives, and whether it is fit to answer.</summary>
internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n"));
        routes.MapGet("/healthz/ready", (ProjectionRunner projections) => projections.Ready
            ? Results.Text("ready\n")
            : Results.Text(projections.Describe() + "\n", statusCode: StatusCodes.Status503ServiceUnavailable));
        // Aodh's: an empty answer, for load balancers that were set up for it.
        routes.MapGet("/healthcheck", () => Results.Text(""));
    }
}
