using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;

namespace Telemetry.Projections.Audit;

/// <summary>Registers the audit log.</summary>
public static class AuditServiceCollectionExtensions
{
    /// <summary>Adds the tree as a projection, <see cref="AuditLog"/> and <see cref="Prover"/>. Needs what AddTelemetryProjections adds.</summary>
    /// <param name="publish">Whether checkpoints are signed at an interval; false where a command only reads.</param>
    public static IServiceCollection AddTelemetryAudit(this IServiceCollection services, bool publish = true)
    {
        services.AddOptions<AuditOptions>().BindConfiguration("Telemetry:Audit").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton(s => new AuditProjection(s.GetRequiredService<IReadModelStore>(), s.GetRequiredService<ILogger<AuditProjection>>()));
        services.AddSingleton<IProjection>(s => s.GetRequiredService<AuditProjection>());
        services.AddSingleton(new ProjectionShares(AuditProjection.ProjectionName));
        services.AddSingleton<IAuditTree>(s => s.GetRequiredService<AuditProjection>());
        services.AddSingleton<ICheckpoints>(s => s.GetService<PostgresCheckpoints>() is { } shared ? shared : new CheckpointStore(Path.Combine(Directory(s), "checkpoints.db")));
        services.AddSingleton(Signer);
        services.AddSingleton(s => new AuditLog(
            s.GetRequiredService<IAuditTree>(), s.GetRequiredService<ICheckpoints>(), s.GetRequiredService<NoteSigner>(), Witnesses(s)));
        services.AddSingleton(s => new Prover(s.GetRequiredService<IEventStore>(), s.GetRequiredService<AuditLog>(), s.GetService<IMeteringReader>()));
        if (publish)
            services.AddSingleton<IHostedService>(s => new CheckpointPublisher(
                s.GetRequiredService<AuditLog>(), s.GetRequiredService<ILeases>(), Options(s), s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<CheckpointPublisher>>()));
        return services;
    }

    private static NoteSigner Signer(IServiceProvider services)
    {
        var options = Options(services);
        return options.KeyFile.Length == 0 && services.GetService<PostgresCheckpoints>() is { } shared
            ? AuditKeyFile.Signer(shared.KeyPem(), options.Origin)
            : AuditKeyFile.Open(options.KeyFile.Length > 0 ? options.KeyFile : Path.Combine(Directory(services), "audit-key.pem"), options.Origin);
    }

    private static List<NoteVerifier> Witnesses(IServiceProvider services)
    {
        try
        {
            return [.. Options(services).Witnesses.Select(NoteVerifier.Parse)];
        }
        catch (FormatException e)
        {
            throw new OptionsValidationException("Telemetry:Audit:Witnesses", typeof(AuditOptions), [e.Message]);
        }
    }

    private static string Directory(IServiceProvider services) => services.GetRequiredService<IOptions<ProjectionsOptions>>().Value.Directory;

    private static AuditOptions Options(IServiceProvider services) => services.GetRequiredService<IOptions<AuditOptions>>().Value;
}
