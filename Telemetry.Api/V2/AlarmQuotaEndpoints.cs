using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.V2;

/// <summary><c>/v2/quotas</c>: how many alarms a project may have.</summary>
internal static class AlarmQuotaEndpoints
{
    public static void MapAlarmQuotas(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/quotas", GetAsync)
            .Takes(Argument.ProjectId).Answers("Quotas").WithTags("Alarms").WithName("quotas").WithSummary("The quota of a project.");
        routes.MapPost("/v2/quotas", SetAsync)
            .Takes().Reads("Quotas").Answers("Quotas", status: StatusCodes.Status201Created)
            .WithTags("Alarms").WithName("set_quotas").WithSummary("Sets the quota of a project; for admins.");
        routes.MapDelete("/v2/quotas/{id}", RemoveAsync)
            .Takes().WithTags("Alarms").WithName("delete_quotas").WithSummary("Puts a project back to the default quota; for admins.");
    }

    private static async Task GetAsync(HttpContext context, AlarmQuotas quotas, AlarmSettings settings, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var caller = context.Caller();
        var project = arguments.Text(Argument.ProjectId) ?? caller.ProjectId ?? "";
        if (!caller.IsAdmin && (project.Length == 0 || project != caller.ProjectId))
            throw ApiException.RoleRequired();
        await WriteAsync(context, project, await quotas.LimitAsync(project, ct) ?? settings.ProjectQuota, StatusCodes.Status200OK);
    }

    private static async Task SetAsync(HttpContext context, AlarmQuotas quotas, AlarmSettings settings, CancellationToken ct)
    {
        Arguments.OfQueryString(context);
        var body = await AlarmEndpoints.BodyAsync(context, "body");
        var quota = QuotaDraft.Read(body);
        DemandAdmin(context);
        if (quota.Limit is { } limit)
            await quotas.SetAsync(context.AlarmCaller(), quota.ProjectId, limit, ct);
        await WriteAsync(
            context, quota.ProjectId, quota.Limit ?? await quotas.LimitAsync(quota.ProjectId, ct) ?? settings.ProjectQuota, StatusCodes.Status201Created);
    }

    private static async Task RemoveAsync(HttpContext context, AlarmQuotas quotas, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        DemandAdmin(context);
        await quotas.RemoveAsync(context.AlarmCaller(), AlarmEndpoints.Id(context), ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static void DemandAdmin(HttpContext context)
    {
        if (!context.Caller().IsAdmin)
            throw ApiException.RoleRequired();
    }

    private static Task WriteAsync(HttpContext context, string project, int limit, int status) =>
        JsonAnswer.WriteAsync(context, (Project: project, Limit: limit), static (json, quota) =>
        {
            json.WriteStartObject();
            json.WriteString("project_id", quota.Project);
            json.WriteStartArray("quotas");
            json.WriteStartObject();
            json.WriteString("resource", "alarms");
            json.WriteNumber("limit", quota.Limit);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }, status);
}
