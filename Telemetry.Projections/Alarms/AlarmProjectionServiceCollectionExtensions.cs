using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Telemetry.Domain.Alarms;

namespace Telemetry.Projections.Alarms;

/// <summary>Registers the read side of alarms.</summary>
public static class AlarmProjectionServiceCollectionExtensions
{
    /// <summary>Adds <see cref="IAlarmReader"/>, kept up by a hosted service. Needs an <see cref="Domain.Streams.IEventStore"/>.</summary>
    public static IServiceCollection AddAlarmProjection(this IServiceCollection services)
    {
        services.TryAddSingleton<AlarmIndex>();
        services.TryAddSingleton<IAlarmReader>(s => s.GetRequiredService<AlarmIndex>());
        services.TryAddSingleton<IAlarmFeed>(s => s.GetRequiredService<AlarmIndex>());
        return services.AddHostedService<AlarmIndexFeeder>();
    }
}
