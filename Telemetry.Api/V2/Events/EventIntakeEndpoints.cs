using Microsoft.AspNetCore.Http.Features;
using Telemetry.Api.V2.Calls;
using Telemetry.Api.V2.Json;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Signing;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Events;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Samples;

namespace Telemetry.Api.V2.Events;

/// <summary>The way of a telemetry event over HTTP: our own <c>POST /v2/events</c>, and <c>POST /v2/intake/events</c> for Ceilometer's <c>http://</c> publisher.</summary>
internal static class EventIntakeEndpoints
{
    public static void MapEventIntake(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v2/events", PostAsync).Takes().Reads("Event", list: true).Answers("Event", list: true, status: StatusCodes.Status201Created)
            .WithTags("Events").WithName("post_events").WithSummary("Posts telemetry events; one whose message_id is known is not stored again. For admins.");
        routes.MapPost("/v2/intake/events", PostPublishedAsync).Takes()
            .WithTags("Events").WithName("intake_events").WithSummary("Takes what Ceilometer's http:// publisher of events posts: a list of event messages or raw payloads, or one. For admins.");
    }

    private static Task PostAsync(HttpContext context, [AsParameters] EventServices services) =>
        AcceptAsync(context, services, "rest", body => PostedEvents.Read(body, services.Limits), async events =>
        {
            if (JsonAnswer.PrefersMinimal(context.Request))
                JsonAnswer.WriteMinimal(context.Response);
            else
                await JsonAnswer.WriteListAsync(context, events, EventJson.Write, StatusCodes.Status201Created);
        });

    private static Task PostPublishedAsync(HttpContext context, [AsParameters] EventServices services) =>
        AcceptAsync(context, services, "http", body => PublishedBody.ReadEvents(body, services.Secrets, UnixMicroseconds.From(services.Clock.GetUtcNow())), _ =>
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });

    private static async Task AcceptAsync(
        HttpContext context, EventServices services, string source, Func<ReadOnlyMemory<byte>, IReadOnlyList<TelemetryEvent>> read,
        Func<IReadOnlyList<TelemetryEvent>, Task> answer)
    {
        try
        {
            context.DemandUnlimited();
            Arguments.OfQueryString(context);
            var events = await ReadAsync(context, services, read);
            var accepted = await services.Intake.AppendAsync(events, new(Source: source), context.RequestAborted);
            await services.Intake.WaitUntilVisibleAsync(accepted, context.RequestAborted);
            context.Response.Headers["Telemetry-Position"] = accepted.Position.ToString();
            if (accepted.AlreadyStored)
                context.Response.Headers["Idempotent-Replayed"] = "true";
            await answer(events);
        }
        catch (Exception e) when (Translate(e) is { } refused)
        {
            services.Refusals.Add(refused.Reason, refused.Error.Message);
            if (refused.Error.Status == StatusCodes.Status503ServiceUnavailable)
                context.Response.Headers.RetryAfter = "1";
            throw refused.Error;
        }
    }

    private static async Task<IReadOnlyList<TelemetryEvent>> ReadAsync(
        HttpContext context, EventServices services, Func<ReadOnlyMemory<byte>, IReadOnlyList<TelemetryEvent>> read)
    {
        var request = context.Request;
        JsonBody.DemandJson(request);
        // The body is counted here, against a limit of our own that also holds after unpacking.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = null;
        using var body = await RequestBody.ReadAsync(
            request.BodyReader, request.Headers.ContentEncoding, request.ContentLength, services.Limits.MaxBodyBytes, services.Budget, context.RequestAborted);
        services.Metrics.Received(body.SentBytes);
        if (body.Bytes.IsEmpty)
            throw ApiException.MissingArgument("events");
        var events = read(body.Memory);
        return events.Count <= services.Limits.MaxEvents
            ? events
            : throw new EventFaultException("events", null, $"The body has {events.Count} telemetry events; at most {services.Limits.MaxEvents} are taken.", tooMuch: true);
    }

    private static (string Reason, ApiException Error)? Translate(Exception exception) => exception switch
    {
        EventFaultException { IsTooMuch: true } fault => ("toomany", new ApiException(StatusCodes.Status413PayloadTooLarge, fault.Reason)),
        EventFaultException { Value: null, Path: "events" } fault => ("format", ApiException.BadRequest(fault.Reason)),
        EventFaultException fault => ("invalid", ApiException.InvalidInput(fault.Path, fault.Value, fault.Reason)),
        FormatException fault => ("invalid", ApiException.BadRequest(fault.Message)),
        _ => SampleFaults.Translate(exception, SampleFaults.ForSamples),
    };
}

/// <summary>What the calls that bring telemetry events work with.</summary>
internal sealed record EventServices(EventIntake Intake, EventLimits Limits, BodyBudget Budget, IntakeMetrics Metrics, Refusals Refusals, SigningSecrets Secrets, TimeProvider Clock);
