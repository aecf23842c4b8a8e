using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Postgres;

public static class PostgresEventStoreServices
{
    /// <summary>The event log in PostgreSQL. Its tables are made, or brought up to date, when the log is first asked for.</summary>
    /// <param name="connectionString">As Npgsql takes it: <c>Host=db1;Database=telemetry;Username=telemetry</c>.</param>
    public static IServiceCollection AddPostgresEventStore(this IServiceCollection services, string connectionString)
    {
        services.AddOptions<PostgresEventStoreOptions>().BindConfiguration("Telemetry:EventLog").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventStore>(s => new PostgresEventStore(
            connectionString, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<IOptions<PostgresEventStoreOptions>>().Value,
            s.GetRequiredService<ILogger<PostgresEventStore>>()));
        return services;
    }

    /// <summary>Brings the tables of the log to what this program works with; gives the names of the migrations that it ran.</summary>
    public static IReadOnlyList<string> Migrate(NpgsqlDataSource database) => PostgresEventStore.Migrations().Apply(database);
}
