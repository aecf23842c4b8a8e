using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.EventStoreDb;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class EventStoreDbConformanceTests : EventStoreConformance, IDisposable
{
    private readonly string _prefix = EventStoreDbServer.NewPrefix();
    private EventStoreDbEventStore _store;

    public EventStoreDbConformanceTests(ITestOutputHelper output)
    {
        output.WriteLine(EventStoreDbServer.Description);
        _store = Open();
    }

    protected override IEventStore Store => _store;

    protected override Task ReopenAsync()
    {
        _store.Dispose();
        _store = Open();
        return Task.CompletedTask;
    }

    public void Dispose() => _store.Dispose();

    private EventStoreDbEventStore Open() =>
        new(EventStoreDbAddress.Parse(EventStoreDbServer.ConnectionString), Time, new() { SubscriberQueueLength = 16, Prefix = _prefix });
}
