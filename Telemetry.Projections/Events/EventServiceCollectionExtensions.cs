using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;

namespace Telemetry.Projections.Events;

/// <summary>Registers the read side of telemetry events.</summary>
public static class EventServiceCollectionExtensions
{
    /// <summary>Adds the projection of telemetry events and <see cref="IEventReader"/>. Needs what AddTelemetryProjections adds.</summary>
    public static IServiceCollection AddTelemetryEvents(this IServiceCollection services)
    {
        services.AddSingleton(s => new EventProjection(s.GetRequiredService<IReadModelStore>(), s.GetRequiredService<ILogger<EventProjection>>()));
        services.AddSingleton<IProjection>(s => s.GetRequiredService<EventProjection>());
        services.AddSingleton(new ProjectionShares(EventProjection.ProjectionName));
        services.AddSingleton<IEventReader>(s => new EventReader(
            s.GetRequiredService<EventProjection>(), s.GetRequiredService<IOptions<ProjectionsOptions>>().Value, s.GetRequiredService<TimeProvider>()));
        return services;
    }
}
