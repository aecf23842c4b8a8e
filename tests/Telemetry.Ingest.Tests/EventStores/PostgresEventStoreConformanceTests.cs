using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Postgres;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class PostgresEventStoreConformanceTests : EventStoreConformance, IAsyncLifetime
{
    private PostgresDatabase _database = null!;
    private PostgresEventStore? _store;

    protected override IEventStore Store => _store!;

    public async ValueTask InitializeAsync()
    {
        _database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        _store = Open();
    }

    protected override Task ReopenAsync()
    {
        _store!.Dispose();
        _store = Open();
        return Task.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _store?.Dispose();
        if (_database is not null)
            await _database.DisposeAsync();
    }

    private PostgresEventStore Open() => new(_database.ConnectionString, Time, new() { SubscriberQueueLength = 16 });
}
