using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Telemetry.Ingest.Events;

public static class EventIntakeServiceCollectionExtensions
{
    /// <summary>The intake of telemetry events; needs the intake of samples, whose metrics it shares.</summary>
    public static IServiceCollection AddEventIntake(this IServiceCollection services)
    {
        services.AddOptions<EventLimits>().BindConfiguration("Telemetry:Ingest:Events").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => s.GetRequiredService<IOptions<EventLimits>>().Value);
        services.AddSingleton<EventIntake>();
        return services;
    }
}
