using System.Globalization;
using System.Text;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Rating;

namespace Telemetry.Api.V2.Ratings;

/// <summary><c>/v2/ratings</c>: a project's month, replayed out of the log and priced by a tariff. docs/rating.md describes tariffs.</summary>
internal static class RatingEndpoints
{
    private static readonly Argument ProjectId = new("project_id", ArgumentKind.Text, "Whose samples. Default: the caller's project.");
    private static readonly Argument Month = new("month", ArgumentKind.Text, "Such as 2026-10.");
    private static readonly Argument TariffText = new("tariff", ArgumentKind.Text, "The tariff, in YAML.");
    private static readonly Argument DiffText = new("diff", ArgumentKind.Text, "Another tariff, to be compared with the first.");
    private static readonly Argument Format = new("format", ArgumentKind.Text, "json (the default), csv or table.");

    private static readonly TimeSpan TreeTimeout = TimeSpan.FromSeconds(2);

    public static void MapRatings(this IEndpointRouteBuilder routes)
    {
        var ratings = routes.MapGroup("/v2/ratings").WithTags("Ratings");
        ratings.MapPost("", StartAsync).Takes(ProjectId, Month, TariffText, DiffText, AsOfArgument.AsOf).WithName("rate").WithSummary("Begins a rating.");
        ratings.MapGet("/{id:guid}", GetAsync).Takes().WithName("rating").WithSummary("How far a rating is.");
        ratings.MapGet("/{id:guid}/result", GetResultAsync).Takes(Format).WithName("rating-result").WithSummary("What a rating gave.");
        ratings.MapGet("/{id:guid}/signature", GetSignatureAsync).Takes(Format).WithName("rating-signature").WithSummary("A note, signed by the audit log's key, with the digest of what the rating gave.");
    }

    private static async Task StartAsync(HttpContext context, RatingJobs jobs)
    {
        var arguments = await Arguments.ReadAsync(context);
        var scope = context.Scope();
        var project = arguments.Text(ProjectId) ?? scope.Project ?? throw ApiException.MissingArgument(ProjectId.Name);
        scope.Demand(project);
        if (project.Length is 0 or > SeriesKey.MaxLength)
            throw ApiException.InvalidInput(ProjectId.Name, project, $"It has 1 to {SeriesKey.MaxLength} characters.");
        var month = MonthOf(arguments.Text(Month) ?? throw ApiException.MissingArgument(Month.Name));
        var (position, time) = AsOfArgument.Of(arguments) ?? default;
        var request = new RatingRequest(project, month, Read(TariffText, arguments.Text(TariffText) ?? throw ApiException.MissingArgument(TariffText.Name)), position, time);
        var compared = arguments.Text(DiffText) is { } other ? request with { Tariff = Read(DiffText, other) } : null;
        await WriteAsync(context, jobs.Start(request, compared), StatusCodes.Status202Accepted);
    }

    private static Task GetAsync(HttpContext context, Guid id, RatingJobs jobs) => WriteAsync(context, Demand(context, id, jobs), StatusCodes.Status200OK);

    private static async Task GetResultAsync(HttpContext context, Guid id, RatingJobs jobs, AuditLog audit, IProjectionProgress progress, CancellationToken ct)
    {
        var (bytes, type) = await ResultAsync(context, id, jobs, audit, progress);
        context.Response.ContentType = type;
        await context.Response.BodyWriter.WriteAsync(bytes, ct);
    }

    private static async Task GetSignatureAsync(HttpContext context, Guid id, RatingJobs jobs, AuditLog audit, IProjectionProgress progress, CancellationToken ct)
    {
        var (bytes, _) = await ResultAsync(context, id, jobs, audit, progress);
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.WriteAsync(audit.SignRating(bytes).ToString(), ct);
    }

    private static async Task<(byte[] Bytes, string Type)> ResultAsync(HttpContext context, Guid id, RatingJobs jobs, AuditLog audit, IProjectionProgress progress)
    {
        var job = Demand(context, id, jobs);
        var (format, type) = (await Arguments.ReadAsync(context)).Text(Format) switch
        {
            null or "json" => (RatingFormat.Json, "application/json"),
            "csv" => (RatingFormat.Csv, "text/csv; charset=utf-8"),
            "table" => (RatingFormat.Table, "text/plain; charset=utf-8"),
            var other => throw ApiException.InvalidInput(Format.Name, other, "It is json, csv or table."),
        };
        if (job.State == RatingState.Failed)
            throw new ApiException(StatusCodes.Status409Conflict, job.Failure!);
        if (job.State != RatingState.Done)
            throw new ApiException(StatusCodes.Status409Conflict, "The rating is not done yet.");
        await progress.WaitForAsync(job.Position, TreeTimeout, context.RequestAborted); // the tree may be a moment behind the log
        return (job.Output(format, audit), type);
    }

    private static RatingJob Demand(HttpContext context, Guid id, RatingJobs jobs) =>
        jobs.Find(id) is { } job && context.Scope().Project is var own && (own is null || own == job.Request.ProjectId)
            ? job
            : throw ApiException.NotFound("Rating", id.ToString());

    private static Tariff Read(Argument argument, string yaml)
    {
        try
        {
            return TariffReader.Read(Encoding.UTF8.GetBytes(yaml));
        }
        catch (TariffException e)
        {
            throw ApiException.InvalidInput(argument.Name, "...", e.Message);
        }
    }

    /// <summary>The first instant of a month.</summary>
    public static long MonthOf(string text) =>
        DateTime.TryParseExact(text, "yyyy-MM", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var month)
            ? UnixMicroseconds.From(month)
            : throw ApiException.InvalidInput(Month.Name, text, "It is a month such as 2026-10.");

    private static Task WriteAsync(HttpContext context, RatingJob job, int status) => JsonAnswer.WriteAsync(context, job, (json, j) =>
    {
        json.WriteStartObject();
        json.WriteString("id"u8, j.Id);
        json.WriteString("project_id"u8, j.Request.ProjectId);
        json.WriteString("month"u8, UnixMicroseconds.Format(j.Request.Month)[..7]);
        json.WriteString("state"u8, j.State.ToString().ToLowerInvariant());
        json.WriteNumber("samples"u8, j.Progress.Samples);
        json.WriteNumber("position"u8, j.Progress.Position);
        json.WriteString("failure"u8, j.Failure);
        json.WriteEndObject();
    }, status);
}
