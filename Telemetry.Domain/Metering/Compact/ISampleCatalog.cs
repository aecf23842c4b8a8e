namespace Telemetry.Domain.Metering.Compact;

/// <summary>What the numbers in the log form of a batch stand for.</summary>
public interface ISampleCatalog
{
    /// <summary>The series of a number, the same object each time; null where there is none.</summary>
    SeriesKey? Series(int id);

    /// <summary>The metadata of a number; null where there is none.</summary>
    Metadata? Metadata(int id);

    /// <summary>The series of a whole column, where it was read before with the very same bytes: the same array each time, which is never changed.</summary>
    SeriesKey[]? FindColumn(ReadOnlySpan<byte> column) => null;

    /// <summary>May keep what a column's bytes stand for.</summary>
    void KeepColumn(ReadOnlySpan<byte> column, SeriesKey[] series)
    {
    }
}
