using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2;

/// <summary><c>GET /v2/metrics</c>: how often evaluations ended in which state since the start.</summary>
internal static class AlarmMetricsEndpoints
{
    public static void MapAlarmMetrics(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/v2/metrics", GetAsync)
            .Takes(Argument.AllProjects).Answers("AlarmMetrics").WithTags("Alarms").WithName("alarm_metrics").WithSummary("How often evaluations ended in which state.");

    private static async Task GetAsync(
        HttpContext context, IAlarmReader alarms, EvaluationCounters counters, IOptions<AlarmApiOptions> options, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var caller = context.Caller();
        if (!options.Value.EvaluationMetrics)
            throw new ApiException(StatusCodes.Status403Forbidden, "metrics endpoint is disabled");
        var all = arguments.Text(Argument.AllProjects) is { } text && TypedValue.Parse(text, "boolean").Integer == 1;
        if ((all && !caller.IsAdmin) || (!caller.IsAdmin && string.IsNullOrEmpty(caller.ProjectId)))
            throw ApiException.RoleRequired();
        var filter = all || caller.ProjectId is null ? Predicate.True : Predicate.Equal(Field.ProjectId, caller.ProjectId);
        var counted = (await alarms.ListAsync(new(filter, []), ct)).Select(a => (Alarm: a, Counts: counters.Of(a.Id))).Where(c => c.Counts is not null).ToList();
        await JsonAnswer.WriteAsync(context, counted, static (json, rows) =>
        {
            json.WriteStartObject();
            json.WriteStartArray("evaluation_results");
            foreach (var (alarm, counts) in rows)
            {
                json.WriteStartObject();
                json.WriteString("alarm_id", alarm.Id);
                json.WriteString("project_id", alarm.Definition.ProjectId);
                json.WriteStartObject("state_counters");
                foreach (var state in (AlarmState[])[AlarmState.Ok, AlarmState.InsufficientData, AlarmState.Alarm])
                    json.WriteNumber(state.Name(), counts![(int)state]);
                json.WriteEndObject();
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        });
    }
}
