using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Sqlite;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class SqliteEventStoreConformanceTests : EventStoreConformance, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private SqliteEventStore _store;

    public SqliteEventStoreConformanceTests() => _store = Open();

    protected override IEventStore Store => _store;

    protected override Task ReopenAsync()
    {
        _store.Dispose();
        _store = Open();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _store.Dispose();
        _directory.Dispose();
    }

    private SqliteEventStore Open() => new(_directory.Path, Time, new() { SubscriberQueueLength = 16 });
}
