using Telemetry.Domain.Metering;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Ingest.Pipelines.Publishers;

/// <summary><c>test://</c>: keeps the last samples and events in memory.</summary>
public sealed class MemoryPublisher : IPublisher
{
    /// <summary>How many of each are kept.</summary>
    public const int Capacity = 10_000;

    private readonly Lock _lock = new();
    private readonly Queue<SampleInFlight> _samples = [];
    private readonly Queue<TelemetryEvent> _events = [];

    public IReadOnlyList<SampleInFlight> Samples { get { lock (_lock) return [.. _samples]; } }

    public IReadOnlyList<TelemetryEvent> Events { get { lock (_lock) return [.. _events]; } }

    public Task PublishAsync(IReadOnlyList<SampleInFlight> samples, CancellationToken ct) => Keep(_samples, samples);

    public Task PublishAsync(IReadOnlyList<TelemetryEvent> events, CancellationToken ct) => Keep(_events, events);

    private Task Keep<T>(Queue<T> kept, IReadOnlyList<T> more)
    {
        lock (_lock)
        {
            foreach (var item in more)
            {
                kept.Enqueue(item);
                if (kept.Count > Capacity)
                    kept.Dequeue();
            }
        }
        return Task.CompletedTask;
    }
}
