using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Domain.Tests.Metering.Compact;

/// <summary>A catalogue in memory that counts from a given number, as one that has been in use for long does.</summary>
public sealed class ListCatalog(int first = 0) : ISampleCatalog, ISampleNumbers
{
    private readonly List<SeriesKey> _series = [];
    private readonly List<Metadata> _metadata = [];

    public int IdOf(SeriesKey series) => first + IndexOf(_series, series);

    public int IdOf(Metadata metadata) => first + IndexOf(_metadata, metadata);

    public SeriesKey? Series(int id) => id >= first && id - first < _series.Count ? _series[id - first] : null;

    public Metadata? Metadata(int id) => id >= first && id - first < _metadata.Count ? _metadata[id - first] : null;

    private static int IndexOf<T>(List<T> list, T value)
    {
        if (list.IndexOf(value) is >= 0 and var index)
            return index;
        list.Add(value);
        return list.Count - 1;
    }
}
