using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.EventStores.Sqlite;

public static class SqliteEventStoreServices
{
    /// <summary>The event log in SQLite, in a data directory that this process takes when the log is first asked for.</summary>
    public static IServiceCollection AddSqliteEventStore(this IServiceCollection services, string dataDirectory)
    {
        services.AddOptions<SqliteEventStoreOptions>().BindConfiguration("Telemetry:EventLog").ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => DataDirectory.Open(dataDirectory));
        services.TryAddSingleton<IEventStore>(s => new SqliteEventStore(
            s.GetRequiredService<DataDirectory>().Path, s.GetRequiredService<TimeProvider>(),
            s.GetRequiredService<IOptions<SqliteEventStoreOptions>>().Value, s.GetRequiredService<ILogger<SqliteEventStore>>()));
        return services;
    }
}
