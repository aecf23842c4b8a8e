using Telemetry.Domain.Streams;

namespace Telemetry.Conformance;

public sealed class InMemoryEventStoreTests : EventStoreConformance
{
    private readonly InMemoryEventStore _store;

    public InMemoryEventStoreTests() => _store = new(Time);

    protected override IEventStore Store => _store;
}
