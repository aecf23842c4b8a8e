using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/alarms/{id}/history</c>: what happened to an alarm, and by whom.</summary>
internal static class AlarmHistoryEndpoints
{
    public static void MapAlarmHistory(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/alarms/{id}/history", ListAsync)
            .Takes(Argument.Query, Argument.Sort, Argument.PageLimit, Argument.Marker, Argument.IncludeDeleted).Answers("AlarmChange", list: true)
            .WithTags("Alarms").WithName("alarm_history").WithSummary("What happened to an alarm, newest first.");

    private static async Task ListAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var page = AlarmPage.Of(arguments, AlarmChangeRow.SortKeys);
        var scope = context.Scope();
        var conditions = QueryCondition.Of(arguments);
        foreach (var condition in conditions.Where(c => c.Field is "project" or "project_id"))
            scope.Demand(condition.Value);
        // Whom a record is about is in on_behalf_of; project_id says who did it.
        var filter = scope.Limit(SimpleQuery.Parse(conditions, QueryFields.AlarmHistory, new Scope(null)).Predicate, ComplexFields.AlarmHistory.Visibility);

        var includeDeleted = arguments.Text(Argument.IncludeDeleted) is { } text && TypedValue.Parse(text, "boolean").Integer == 1;
        if (includeDeleted && !context.Caller().IsAdmin)
            throw ApiException.RoleRequired();
        var id = AlarmEndpoints.Id(context, fromEnd: 1);
        if (!includeDeleted)
            await AlarmEndpoints.FindAsync(context, alarms, ct, fromEnd: 1);
        var query = new AlarmHistoryQuery(
            Predicate.And(Predicate.Equal(new Field("alarm_id"), id), filter), page.OrderBy, page.After, page.Limit, includeDeleted);
        await JsonAnswer.WriteListAsync(context, await alarms.HistoryAsync(query, ct), AlarmAnswer.Write);
    }
}
