using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Signing;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Samples;

public static class SampleIntakeServiceCollectionExtensions
{
    /// <summary>The intake of samples; needs an <c>IEventStore</c> and an <c>IProjectionProgress</c>.</summary>
    public static IServiceCollection AddSampleIntake(this IServiceCollection services)
    {
        services.AddOptions<SampleLimits>().BindConfiguration("Telemetry:Ingest:Samples").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton(s => s.GetRequiredService<IOptions<SampleLimits>>().Value);
        services.AddSingleton(s => new BodyBudget(s.GetRequiredService<SampleLimits>().MaxBytesInFlight));
        services.AddSingleton<IntakeMetrics>();
        services.AddSingleton<Refusals>();
        services.AddOptions<SigningSettings>().BindConfiguration(SigningSettings.Section);
        services.AddSingleton(s => new SigningSecrets(s.GetRequiredService<IOptions<SigningSettings>>().Value.Secrets));
        services.AddSingleton<SampleReader>();
        services.AddSingleton<SampleIntake>();
        services.AddOptions<SignatureOptions>().BindConfiguration(SignatureOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => new SignatureCheck(s.GetRequiredService<IEventStore>(), s.GetRequiredService<IOptions<SignatureOptions>>().Value, s.GetRequiredService<SigningSecrets>()));
        return services;
    }
}
