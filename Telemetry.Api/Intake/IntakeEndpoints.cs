using Telemetry.Api.V2;
using Telemetry.Api.V2.Events;
using Telemetry.Ingest.Posts;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Intake;

/// <summary>The calls that bring samples and telemetry events: what a process may hand over to another one, and nothing else.</summary>
internal static class IntakeEndpoints
{
    private sealed record TakesIn;

    /// <param name="samples">Whether samples are taken.</param>
    /// <param name="events">Whether telemetry events are taken.</param>
    public static void MapIntake(this IEndpointRouteBuilder routes, bool samples = true, bool events = true)
    {
        var intake = routes.MapGroup("").WithMetadata(new TakesIn());
        if (samples)
        {
            intake.MapSampleIntake();
            intake.MapPublishedSamples();
        }
        if (events)
            intake.MapEventIntake();
    }

    /// <summary>Whether the request is for one of them; known after routing.</summary>
    public static bool IsIntake(this HttpContext context) => context.GetEndpoint()?.Metadata.GetMetadata<TakesIn>() is not null;

    /// <summary>The id of what a request stores that says nothing by which to know it again.</summary>
    public static EventId NewEventId(this HttpContext context) => context.Features.Get<Post>()?.EventId ?? EventId.New();
}
