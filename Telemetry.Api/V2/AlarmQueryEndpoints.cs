using System.Numerics;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2;

/// <summary><c>POST /v2/query/alarms</c> and <c>/v2/query/alarms/history</c>: the complex query. Admins see every project.</summary>
internal static class AlarmQueryEndpoints
{
    public static void MapAlarmQueries(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/query/alarms", QueryAlarmsAsync)
            .Takes().Reads("ComplexQuery").Answers("Alarm", list: true)
            .WithTags("Alarms").WithName("query_alarms").WithSummary("Alarms that a filter of and, or, not and comparisons selects, in any order.");
        routes.MapPost("/v2/query/alarms/history", QueryHistoryAsync)
            .Takes().Reads("ComplexQuery").Answers("AlarmChange", list: true)
            .WithTags("Alarms").WithName("query_alarm_history").WithSummary("Records of history that a filter selects, in any order.");
    }

    private static async Task QueryAlarmsAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        var query = await ParseAsync(context, ComplexFields.Alarms);
        await JsonAnswer.WriteListAsync(context, await alarms.ListAsync(new(query.Filter, Keys(query.OrderBy), Limit: Limit(query)), ct), AlarmAnswer.Write);
    }

    private static async Task QueryHistoryAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        var query = await ParseAsync(context, ComplexFields.AlarmHistory);
        await JsonAnswer.WriteListAsync(context, await alarms.HistoryAsync(new(query.Filter, Keys(query.OrderBy), Limit: Limit(query)), ct), AlarmAnswer.Write);
    }

    private static async Task<ComplexQuery> ParseAsync(HttpContext context, ComplexFields fields)
    {
        Arguments.OfQueryString(context);
        return ComplexQuery.Parse(await JsonBody.ReadAsync(context), fields, context.Scope());
    }

    private static List<AlarmSortKey> Keys(IEnumerable<SortKey> orderBy) => [.. orderBy.Select(k => new AlarmSortKey(k.Field.Name, k.Descending))];

    private static int? Limit(ComplexQuery query) => query.Limit switch
    {
        null => null,
        { Sign: <= 0 } => throw ApiException.BadRequest("Limit should be positive"),
        { } limit => (int)BigInteger.Min(limit, int.MaxValue),
    };
}
