using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Telemetry.Domain.Leases;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>What a process takes part in, of the work that processes share.</summary>
/// <param name="Projections">Whether it stores projections. Each is a kind of its own, as not every process keeps every one.</param>
/// <param name="Others">Other kinds of work, each in shares that processes hold one by one.</param>
public sealed record SharedWork(bool Projections, IReadOnlyDictionary<string, IReadOnlyList<string>> Others);

/// <summary>A projection that this process keeps, and into how many ranges it is divided; registered beside each.</summary>
internal sealed record ProjectionShares(string Name, int Count = 1);

/// <summary>Registers read models in PostgreSQL.</summary>
public static class PostgresReadModelServices
{
    /// <summary>
    /// Keeps read models in PostgreSQL; add it before the projections. Its tables are made, or brought up to date, when it is first asked for.
    /// </summary>
    /// <param name="connectionString">As Npgsql takes it.</param>
    /// <param name="work">What this process takes part in. Null for a command that runs beside the others: then nothing is leased.</param>
    public static IServiceCollection AddPostgresReadModels(
        this IServiceCollection services, string connectionString, SharedWork? work = null)
    {
        services.AddSingleton<IReadModelStore>(s => new PostgresReadModels(connectionString, s.GetService<PostgresLeases>()));
        services.AddSingleton(_ => new PostgresCheckpoints(connectionString));
        if (work is null)
            return services;
        services.AddSingleton(_ => new DatabaseTime(TimeProvider.System));
        services.AddSingleton<TimeProvider>(s => s.GetRequiredService<DatabaseTime>());
        services.AddSingleton(s => new PostgresLeases(
            connectionString, $"{Environment.MachineName}/{Environment.ProcessId}", Kinds(work, s), s.GetRequiredService<DatabaseTime>(),
            s.GetRequiredService<ILogger<PostgresLeases>>()));
        services.AddSingleton<ILeases>(s => s.GetRequiredService<PostgresLeases>());
        return services.AddHostedService(s => s.GetRequiredService<PostgresLeases>());
    }

    /// <summary>For a process that answers queries: tells those that only take samples in how far it has read. Needs the projections.</summary>
    public static IServiceCollection AddPositionAnnouncer(this IServiceCollection services, string connectionString) =>
        services.AddHostedService(s => new PositionAnnouncer(
            connectionString, s.GetRequiredService<ProjectionRunner>(), TimeProvider.System, s.GetRequiredService<ILogger<PositionAnnouncer>>()));

    /// <summary>For a process that only takes samples in: its answers wait for those that answer queries.</summary>
    public static IServiceCollection AddRemoteProgress(this IServiceCollection services, string connectionString)
    {
        services.AddSingleton(s => new RemoteProgress(connectionString, TimeProvider.System, s.GetRequiredService<ILogger<RemoteProgress>>()));
        services.AddSingleton<IProjectionProgress>(s => s.GetRequiredService<RemoteProgress>());
        return services.AddHostedService(s => s.GetRequiredService<RemoteProgress>());
    }

    private static Dictionary<string, IReadOnlyList<string>> Kinds(SharedWork work, IServiceProvider services)
    {
        var kinds = new Dictionary<string, IReadOnlyList<string>>(work.Others, StringComparer.Ordinal);
        foreach (var (name, count) in work.Projections ? services.GetServices<ProjectionShares>() : [])
            kinds.Add($"{name}/{count}", HashRanges.Shares(name, count)); // a program that divides it otherwise takes no part in it
        return kinds;
    }

    /// <summary>Brings the tables of read models and checkpoints to what this program works with; gives the names of the migrations that it ran.</summary>
    public static IReadOnlyList<string> Migrate(NpgsqlDataSource database) =>
        [.. PostgresReadModels.Migrations().Apply(database), .. PostgresCheckpoints.Migrations().Apply(database)];
}
