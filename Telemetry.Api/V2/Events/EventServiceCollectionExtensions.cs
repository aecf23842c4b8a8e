using Telemetry.Ingest.Events;

namespace Telemetry.Api.V2.Events;

/// <summary>Registers what the calls about telemetry events need.</summary>
public static class EventServiceCollectionExtensions
{
    /// <summary>The intake of telemetry events. Needs the intake of samples, and an <see cref="Domain.TelemetryEvents.IEventReader"/>.</summary>
    public static IServiceCollection AddEventApi(this IServiceCollection services)
    {
        services.AddEventIntake();
        services.AddSingleton(Capabilities.Events);
        return services;
    }
}
