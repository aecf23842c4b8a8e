using Telemetry.Projections.Running;

namespace Telemetry.Api.Hosting;

/// <summary>Whether the process lives, and whether it is fit to answer.</summary>
internal static class HealthEndpoints
{
    /// <param name="reads">Whether this process reads the log, and is ready when it has.</param>
    public static void MapHealth(this IEndpointRouteBuilder routes, bool reads)
    {
        routes.MapGet("/healthz/live", () => Results.Text("live\n"));
        if (reads)
            routes.MapGet("/healthz/ready", ReadyAsync);
        else
            routes.MapGet("/healthz/ready", () => Results.Text("ready\n"));
        // Aodh's: an empty answer, for load balancers that were set up for it.
        routes.MapGet("/healthcheck", () => Results.Text(""));
    }

    /// <summary>200 once the read models have what was in the log at the start; before that 503 with how far they are.</summary>
    private static async Task<IResult> ReadyAsync(ProjectionRunner runner, CancellationToken ct)
    {
        if (runner.IsCaughtUp)
            return Results.Text("ready\n");
        var lines = (await runner.ProgressAsync(ct)).Select(p => p.State == ProjectionState.Failed
            ? $"{p.Name} failed: {p.Failure}\n"
            : $"{p.Name} is at position {p.Position} of {p.Head}\n");
        return Results.Text(string.Concat(lines), statusCode: StatusCodes.Status503ServiceUnavailable);
    }
}
