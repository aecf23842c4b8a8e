namespace Telemetry.Domain.Metering.Compact;

/// <summary>Gives the numbers by which the log form of a batch names series and metadata. A number never gets another meaning.</summary>
public interface ISampleNumbers
{
    /// <summary>The number of a series, at least 0; a new one where it has none yet.</summary>
    int IdOf(SeriesKey series);

    /// <summary>The number of a metadata object, at least 0; a new one where it has none yet.</summary>
    int IdOf(Metadata metadata);

    /// <summary>The column that was kept for an array of series; empty where there is none.</summary>
    ReadOnlySpan<byte> FindColumn(SeriesKey[] series) => default;

    /// <summary>May keep a column as long as the numbers in it have their meaning.</summary>
    void KeepColumn(SeriesKey[] series, ReadOnlySpan<byte> column)
    {
    }
}
