using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Signing;

namespace Telemetry.Ingest.Events;

public static class EventIntakeServiceCollectionExtensions
{
    /// <summary>The intake of telemetry events; needs the intake of samples, whose metrics it shares.</summary>
    public static IServiceCollection AddEventIntake(this IServiceCollection services)
    {
        services.AddOptions<EventLimits>().BindConfiguration("Telemetry:Ingest:Events").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => s.GetRequiredService<IOptions<EventLimits>>().Value);
        services.TryAddSingleton(SigningSecrets.None);
        services.AddSingleton<EventIntake>();
        return services;
    }
}
