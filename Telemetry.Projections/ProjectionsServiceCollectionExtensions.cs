using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Past;
using Telemetry.Projections.Running;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Reading;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections;

/// <summary>Registers the read side.</summary>
public static class ProjectionsServiceCollectionExtensions
{
    /// <summary>
    /// Adds the projections, the <see cref="ProjectionRunner"/> that feeds them as a hosted service, and <see cref="IMeteringReader"/>.
    /// Needs an <see cref="IEventStore"/>. Nothing touches the disk before the runner is made.
    /// </summary>
    /// <param name="start">Whether the host starts the runner; false where a command only rebuilds.</param>
    public static IServiceCollection AddTelemetryProjections(this IServiceCollection services, bool start = true)
    {
        services.AddOptions<ProjectionsOptions>().BindConfiguration("Telemetry:Projections").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ILeases, AllLeases>();
        services.TryAddSingleton(s => new ReadModelDatabase(
            Path.Combine(Options(s).Directory, "read-model.db"), s.GetRequiredService<ILoggerFactory>().CreateLogger<ReadModelDatabase>()));
        services.TryAddSingleton<IReadModelStore>(s => s.GetRequiredService<ReadModelDatabase>());
        services.AddSingleton(s => new SampleProjection(
            s.GetRequiredService<IReadModelStore>(), Options(s), s.GetRequiredService<ILogger<SampleProjection>>()));
        services.AddSingleton<IProjection>(s => s.GetRequiredService<SampleProjection>());
        services.AddSingleton(new ProjectionShares(SampleProjection.ProjectionName, PostgresSampleTables.RangeCount));
        services.AddSingleton<IMeteringReader>(s => new MeteringReader(
            s.GetRequiredService<SampleProjection>(), s.GetRequiredService<IEventStore>(), Options(s), s.GetRequiredService<TimeProvider>()));
        services.AddOptions<PastOptions>().BindConfiguration("Telemetry:AsOf").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => new PastReadModels(
            s.GetRequiredService<IEventStore>(), Options(s), s.GetRequiredService<IOptions<PastOptions>>().Value, s.GetRequiredService<TimeProvider>()));
        services.AddSingleton(s => new ProjectionRunner(
            s.GetRequiredService<IEventStore>(), s.GetServices<IProjection>(), s.GetRequiredService<ILeases>(), Options(s),
            s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<ProjectionRunner>>()));
        if (start)
            services.AddHostedService(s => s.GetRequiredService<ProjectionRunner>());
        return services;
    }

    private static ProjectionsOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<ProjectionsOptions>>().Value;
}
