using Telemetry.Domain.Metering;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>Works out <see cref="AggregateFunction.Rate"/>: collects the samples of one series by row, and adds its rate to each row.</summary>
internal sealed class SeriesRates(StatisticsTable table)
{
    private readonly Dictionary<int, List<(long At, long Origin, double Volume)>> _bySlot = [];

    public void Add(int slot, Points points, int from, int to)
    {
        if (!_bySlot.TryGetValue(slot, out var samples))
            _bySlot.Add(slot, samples = []);
        for (var i = from; i < to; i++)
            samples.Add((points.Times[i], points.Origins[i], points.Volumes[i]));
    }

    public void EndSeries(SampleType type)
    {
        foreach (var (slot, samples) in _bySlot)
        {
            samples.Sort(); // blocks of a series may overlap in time
            var seconds = (samples[^1].At - samples[0].At) / (double)UnixMicroseconds.PerSecond;
            if (seconds <= 0)
                continue;
            var details = table.Details(slot);
            details.Rate = (details.Rate ?? 0) + Growth(type, samples) / seconds;
        }
        _bySlot.Clear();
    }

    private static double Growth(SampleType type, List<(long At, long Origin, double Volume)> samples)
    {
        if (type == SampleType.Gauge)
            return samples[^1].Volume - samples[0].Volume;
        double growth = 0;
        for (var i = 1; i < samples.Count; i++)
        {
            var (before, volume) = (samples[i - 1].Volume, samples[i].Volume);
            growth += type == SampleType.Delta || volume < before ? volume : volume - before;
        }
        return growth;
    }
}
