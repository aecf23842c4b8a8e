using Microsoft.Extensions.Options;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.V2.Events;

/// <summary><c>/v2/events</c> and <c>/v2/event_types</c>, as Ceilometer 7.1.1 had them.</summary>
public static class EventEndpoints
{
    /// <summary>Maps every call that asks about telemetry events.</summary>
    public static IEndpointRouteBuilder MapEvents(this IEndpointRouteBuilder routes)
    {
        var events = routes.MapGroup("/v2/events").WithTags("Events");
        events.MapGet("", ListAsync).Takes(Argument.Query, Argument.Limit).Answers("Event", list: true)
            .WithName("events").WithSummary("Telemetry events, first generated first; conditions on traits by their names.");
        events.MapGet("/{message_id}", GetAsync).Takes().Answers("Event").WithName("event").WithSummary("One telemetry event.");
        var types = routes.MapGroup("/v2/event_types").WithTags("Events");
        types.MapGet("", TypesAsync).Takes().Answers("EventType", list: true).WithName("event_types").WithSummary("The types of the telemetry events there are; for admins.");
        types.MapGet("/{event_type}", GetTypeAsync).Takes().WithName("event_type").WithSummary("Nothing: there is always none of it.");
        types.MapGet("/{event_type}/traits", DescriptionsAsync).Takes().Answers("TraitDescription", list: true)
            .WithName("event_traits").WithSummary("The traits that telemetry events of a type have; for admins.");
        types.MapGet("/{event_type}/traits/{name}", TraitsAsync).Takes().Answers("Trait", list: true)
            .WithName("event_trait").WithSummary("Every trait of a name that telemetry events of a type have; for admins.");
        return routes;
    }

    private static async Task ListAsync(HttpContext context, IEventReader reader, IOptions<ApiOptions> options, CancellationToken ct)
    {
        var visible = EventScope.Of(context.Caller());
        var arguments = await Arguments.ReadAsync(context);
        var limit = Limits.Of(arguments.Integer(Argument.Limit), options.Value);
        var filter = EventQuery.Parse(QueryCondition.Of(arguments));
        await JsonAnswer.WriteListAsync(context, await reader.EventsAsync(new(Predicate.And(visible, filter), limit), ct), (json, row) => EventJson.Write(json, row.Event));
    }

    private static async Task GetAsync(HttpContext context, IEventReader reader, CancellationToken ct)
    {
        var visible = EventScope.Of(context.Caller());
        await Arguments.ReadAsync(context);
        var id = PathSegments.Decoded(context, "message_id", fromEnd: 0);
        var found = await reader.FindEventAsync(id, visible, ct) ?? throw ApiException.NotFound("Event", id);
        await JsonAnswer.WriteAsync(context, found.Event, EventJson.Write);
    }

    private static async Task TypesAsync(HttpContext context, IEventReader reader, CancellationToken ct)
    {
        await BeginAsync(context);
        await JsonAnswer.WriteListAsync(context, await reader.EventTypesAsync(ct), (json, type) => json.WriteStringValue(type));
    }

    private static async Task GetTypeAsync(HttpContext context)
    {
        await BeginAsync(context);
        throw ApiException.Plain(StatusCodes.Status404NotFound, "Not Found: the resource could not be found.");
    }

    private static async Task DescriptionsAsync(HttpContext context, IEventReader reader, CancellationToken ct)
    {
        await BeginAsync(context);
        var type = PathSegments.Decoded(context, "event_type", fromEnd: 1);
        await JsonAnswer.WriteListAsync(context, await reader.TraitDescriptionsAsync(type, ct), EventJson.Write);
    }

    private static async Task TraitsAsync(HttpContext context, IEventReader reader, CancellationToken ct)
    {
        await BeginAsync(context);
        var (type, name) = (PathSegments.Decoded(context, "event_type", fromEnd: 2), PathSegments.Decoded(context, "name", fromEnd: 0));
        await JsonAnswer.WriteListAsync(context, reader.TraitsAsync(type, name, ct), EventJson.Write);
    }

    /// <summary>Lets only callers in who see everything.</summary>
    /// <exception cref="ApiException">401: the caller is limited to a project.</exception>
    private static Task<Arguments> BeginAsync(HttpContext context) => context.Caller().LimitedToProject is { } project
        ? throw ApiException.Plain(StatusCodes.Status401Unauthorized, $"Not Authorized to access project {project}")
        : Arguments.ReadAsync(context);
}
