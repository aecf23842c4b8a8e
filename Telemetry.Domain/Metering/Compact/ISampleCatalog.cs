namespace Telemetry.Domain.Metering.Compact;

/// <summary>What the numbers in the log form of a batch stand for.</summary>
public interface ISampleCatalog
{
    /// <summary>The series of a number, the same object each time; null where there is none.</summary>
    SeriesKey? Series(int id);

    /// <summary>The metadata of a number; null where there is none.</summary>
    Metadata? Metadata(int id);
}
