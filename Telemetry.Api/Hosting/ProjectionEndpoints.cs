using System.Text.Json;
using Telemetry.Api.Auth;
using Telemetry.Api.V2;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Hosting;

/// <summary>For operators: how far the read models are, and building one anew while the server runs.</summary>
internal static class ProjectionEndpoints
{
    private static readonly JsonSerializerOptions Lines = new(JsonSerializerDefaults.Web);

    public static void MapProjections(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/projections", ListAsync);
        routes.MapPost("/v2/projections/{name}/rebuild", RebuildAsync);
    }

    private static async Task<IResult> ListAsync(HttpContext context, ProjectionRunner runner, CancellationToken ct)
    {
        DemandUnlimited(context);
        return Results.Json((await runner.ProgressAsync(ct)).Select(p => new
        {
            p.Name,
            State = p.State.ToString().ToLowerInvariant(),
            p.Position,
            p.Head,
            p.Failure,
        }), Lines);
    }

    /// <summary>Answers at once, with a line of JSON now and then: {"position", "head", "samples"}, at the end with "done": true or an "error".</summary>
    private static async Task RebuildAsync(HttpContext context, string name, ProjectionRunner runner, CancellationToken ct)
    {
        DemandUnlimited(context);
        if (!runner.Names.Contains(name))
            throw ApiException.NotFound("Projection", name);
        context.Response.ContentType = "application/x-ndjson";
        var latest = new LatestProgress();
        var rebuild = runner.RebuildAsync(name, latest, ct);
        while (!rebuild.IsCompleted)
        {
            await Task.WhenAny(rebuild, Task.Delay(TimeSpan.FromSeconds(1), ct));
            await WriteLineAsync(new { latest.Value.Position, latest.Value.Head, latest.Value.Samples });
        }
        try
        {
            await rebuild;
            await WriteLineAsync(new { latest.Value.Position, latest.Value.Head, latest.Value.Samples, Done = true });
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await WriteLineAsync(new { Error = e.Message }); // the status is sent; only an operator sees this
        }

        async Task WriteLineAsync<T>(T line)
        {
            await context.Response.BodyWriter.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(line, Lines), ct);
            await context.Response.BodyWriter.WriteAsync("\n"u8.ToArray(), ct);
            await context.Response.BodyWriter.FlushAsync(ct);
        }
    }

    private static void DemandUnlimited(HttpContext context)
    {
        if (context.Caller().LimitedToProject is not null)
            throw new ApiException(StatusCodes.Status403Forbidden, "RBAC Authorization Failed");
    }

    private sealed class LatestProgress : IProgress<RebuildProgress>
    {
        public RebuildProgress Value { get; private set; }

        public void Report(RebuildProgress value) => Value = value;
    }
}
