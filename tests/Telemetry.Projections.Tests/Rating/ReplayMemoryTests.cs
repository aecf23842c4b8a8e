using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

/// <summary>Memory is that of the process: nothing else may run beside.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class AloneInItsProcess
{
    public const string Name = "alone";
}

[Collection(AloneInItsProcess.Name)]
public sealed class ReplayMemoryTests
{
    private const int Batches = 10_000;
    private const int Series = 1_000;

    [Fact]
    public async Task Ten_million_samples_are_rated_without_growing_memory()
    {
        var log = new EndlessMonth();
        var tariff = Month.Tariff("  - { name: all, meter: m, by: project, unit: unit-hour, price: 0.001 }");

        var rating = await new Rater(log).RateAsync(new("p", Month.Start, tariff));

        Assert.Equal(10_000_000, rating.Samples);
        Assert.Equal(Batches, log.Memory.Count * 1_000);
        Assert.InRange(log.Memory[^1] - log.Memory[1], long.MinValue, 4 << 20); // from the second million samples on
    }

    /// <summary>A month of ten million samples, made while they are read; notes the memory in use every million.</summary>
    private sealed class EndlessMonth : IEventStore
    {
        private readonly SeriesKey[] _series = [.. Enumerable.Range(0, Series).Select(n => new SeriesKey("m", SampleType.Gauge, "u", $"r{n}", "p", null, "s"))];
        private readonly Metadata[] _metadata = [.. Enumerable.Repeat(Metadata.Empty, Series)];

        public List<long> Memory { get; } = [];

        public async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
            StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, [EnumeratorCancellation] CancellationToken ct = default)
        {
            await Task.CompletedTask;
            if (stream.ToString() != "samples-p-2026-10")
                yield break;
            for (var n = 1; n <= Batches; n++)
            {
                var (timestamps, volumes) = (new long[Series], new double[Series]);
                Array.Fill(timestamps, Month.Start + (n * 60 * UnixMicroseconds.PerSecond));
                Array.Fill(volumes, n % 100);
                var body = new EventBody.Samples(new(_series, timestamps, volumes, _metadata));
                yield return StreamEvent.Of(new(n, EventId.New(), "samples-recorded", body, [new(stream, n)], DateTimeOffset.UnixEpoch, EventMetadata.None), 0);
                if (n % 1_000 == 0)
                    Memory.Add(GC.GetTotalMemory(forceFullCollection: true));
            }
        }

        public IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, CancellationToken ct = default) => throw new NotSupportedException();

        public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => throw new NotSupportedException();

        public IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default) => throw new NotSupportedException();

        public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) => throw new NotSupportedException();

        public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default) => throw new NotSupportedException();

        public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default) => throw new NotSupportedException();

        public Task<long> HeadAsync(CancellationToken ct = default) => throw new NotSupportedException();
    }
}
