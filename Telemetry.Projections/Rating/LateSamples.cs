using Telemetry.Domain.Metering;

namespace Telemetry.Projections.Rating;

/// <summary>A sample that is held to be sorted.</summary>
internal sealed record LateSample(long At, double Volume, Metadata Metadata, long Position);

/// <summary>All samples of those series that have late ones, gathered to be counted in order.</summary>
internal sealed class LateSamples(IEnumerable<SeriesKey> series, long from, long to)
{
    private readonly Dictionary<SeriesKey, List<LateSample>> _samples = series.ToDictionary(s => s, _ => new List<LateSample>());

    public void Add(SampleBatch batch, long position)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var at = batch.Timestamps[i];
            if (at >= from && at < to && _samples.TryGetValue(batch.Series[i], out var samples))
                samples.Add(new(at, batch.Volumes[i], batch.Metadata[i], position));
        }
    }

    /// <summary>Each series with its samples by timestamp; of several of one instant the last one recorded, but of deltas all.</summary>
    public IEnumerable<(SeriesKey Series, IEnumerable<LateSample> Samples)> Sorted()
    {
        foreach (var (series, samples) in _samples)
        {
            var sorted = samples.OrderBy(s => s.At); // stable: those of one instant stay in the log's order
            yield return (series, series.Type == SampleType.Delta ? sorted : LastOfEachInstant(sorted));
        }
    }

    private static IEnumerable<LateSample> LastOfEachInstant(IEnumerable<LateSample> sorted)
    {
        LateSample? last = null;
        foreach (var sample in sorted)
        {
            if (last is not null && last.At != sample.At)
                yield return last;
            last = sample;
        }
        if (last is not null)
            yield return last;
    }
}
