using System.Text.Json;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Alarms;
using Telemetry.Projections.Past;

namespace Telemetry.Api.V2;

/// <summary><c>/v2/alarms</c>: alarms and their states.</summary>
internal static class AlarmEndpoints
{
    /// <summary>Maps every call about alarms. Needs what <see cref="AlarmServiceCollectionExtensions.AddAlarms"/> adds.</summary>
    public static IEndpointRouteBuilder MapAlarms(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v2/alarms", ListAsync)
            .Takes(Argument.Query, Argument.Sort, Argument.PageLimit, Argument.Marker, AsOfArgument.AsOf).Answers("Alarm", list: true)
            .WithTags("Alarms").WithName("alarms").WithSummary("Alarms of one project, or for admins of all.");
        routes.MapPost("/v2/alarms", CreateAsync)
            .Takes().Reads("Alarm").Answers("Alarm", status: StatusCodes.Status201Created)
            .WithTags("Alarms").WithName("create_alarm").WithSummary("Creates an alarm.");
        routes.MapGet("/v2/alarms/{id}", GetAsync)
            .Takes(AsOfArgument.AsOf).Answers("Alarm").WithTags("Alarms").WithName("alarm").WithSummary("One alarm.");
        routes.MapPut("/v2/alarms/{id}", ReplaceAsync)
            .Takes().Reads("Alarm").Answers("Alarm")
            .WithTags("Alarms").WithName("replace_alarm").WithSummary("Replaces an alarm; what the body leaves out goes back to its default.");
        routes.MapDelete("/v2/alarms/{id}", DeleteAsync)
            .Takes().WithTags("Alarms").WithName("delete_alarm").WithSummary("Deletes an alarm.");
        routes.MapGet("/v2/alarms/{id}/state", GetStateAsync)
            .Takes().Answers("AlarmState").WithTags("Alarms").WithName("alarm_state").WithSummary("The state of an alarm.");
        routes.MapPut("/v2/alarms/{id}/state", SetStateAsync)
            .Takes().Reads("AlarmState").Answers("AlarmState")
            .WithTags("Alarms").WithName("set_alarm_state").WithSummary("Sets the state by hand, until the next evaluation. Runs no actions.");
        routes.MapAlarmHistory();
        routes.MapAlarmDeliveries();
        routes.MapAlarmQueries();
        routes.MapAlarmQuotas();
        routes.MapAlarmMetrics();
        return routes;
    }

    private static async Task ListAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        var arguments = await Arguments.ReadAsync(context);
        var page = AlarmPage.Of(arguments, AlarmRow.SortKeys);
        var filter = AlarmFilter.Of(QueryCondition.Of(arguments), context.Caller());
        alarms = await AtAsync(context, arguments, alarms, ct);
        await JsonAnswer.WriteListAsync(context, await alarms.ListAsync(new(filter, page.OrderBy, page.After, page.Limit), ct), AlarmAnswer.Write);
    }

    private static async Task CreateAsync(HttpContext context, AlarmCommands commands, CancellationToken ct)
    {
        Arguments.OfQueryString(context);
        var alarm = await commands.CreateAsync(context.AlarmCaller(), await BodyAsync(context, "data"), ct);
        context.Response.Headers.Location = $"{Links.Base(context.Request)}/v2/alarms/{alarm.Id}";
        await JsonAnswer.WriteAsync(context, alarm, AlarmAnswer.Write, StatusCodes.Status201Created);
    }

    private static async Task GetAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        alarms = await AtAsync(context, await Arguments.ReadAsync(context), alarms, ct);
        await JsonAnswer.WriteAsync(context, await FindAsync(context, alarms, ct), AlarmAnswer.Write);
    }

    /// <summary>The alarms of today, or as they were.</summary>
    private static async Task<IAlarmReader> AtAsync(HttpContext context, Arguments arguments, IAlarmReader today, CancellationToken ct) =>
        AsOfArgument.Of(arguments) is { } asOf ? await context.RequestServices.GetRequiredService<PastReadModels>().AlarmsAsync(asOf, ct) : today;

    private static async Task ReplaceAsync(HttpContext context, AlarmCommands commands, CancellationToken ct)
    {
        Arguments.OfQueryString(context);
        var body = await BodyAsync(context, "data");
        await JsonAnswer.WriteAsync(context, await commands.ReplaceAsync(context.AlarmCaller(), Id(context), body, ct), AlarmAnswer.Write);
    }

    private static async Task DeleteAsync(HttpContext context, AlarmCommands commands, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        await commands.DeleteAsync(context.AlarmCaller(), Id(context), ct: ct);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task GetStateAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct)
    {
        await Arguments.ReadAsync(context);
        var alarm = await FindAsync(context, alarms, ct, fromEnd: 1);
        await JsonAnswer.WriteAsync(context, alarm.State.Name(), static (json, state) => json.WriteStringValue(state));
    }

    private static async Task SetStateAsync(HttpContext context, AlarmCommands commands, CancellationToken ct)
    {
        Arguments.OfQueryString(context);
        var body = await BodyAsync(context, "state");
        var state = (body.ValueKind == JsonValueKind.String ? AlarmNames.State(body.GetString()) : null) ?? throw ApiException.BadRequest("state invalid");
        var alarm = await commands.SetStateAsync(context.AlarmCaller(), Id(context, fromEnd: 1), state, ct: ct);
        await JsonAnswer.WriteAsync(context, alarm.State.Name(), static (json, name) => json.WriteStringValue(name));
    }

    /// <summary>The alarm of the path; one of another project is as good as none.</summary>
    public static async Task<Alarm> FindAsync(HttpContext context, IAlarmReader alarms, CancellationToken ct, int fromEnd = 0)
    {
        var id = Id(context, fromEnd);
        return await alarms.FindAsync(id, ct) is { } alarm && context.AlarmCaller().MaySee(alarm) ? alarm : throw AlarmRefusedException.NotFound(id);
    }

    public static string Id(HttpContext context, int fromEnd = 0) => PathSegments.Decoded(context, "id", fromEnd);

    public static AlarmCaller AlarmCaller(this HttpContext context)
    {
        var caller = context.Caller();
        return new(caller.UserId, caller.ProjectId, caller.IsAdmin);
    }

    public static async Task<JsonElement> BodyAsync(HttpContext context, string argument) => await JsonBody.ReadAsync(context) ?? throw ApiException.MissingArgument(argument);
}
