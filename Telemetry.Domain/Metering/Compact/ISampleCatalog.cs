namespace Telemetry.Domain.Metering.Compact;

/// <summary>The numbers by which the log form of a batch names series and metadata. A number, once given, is never given again.</summary>
public interface ISampleCatalog
{
    /// <summary>The number of a series, at least 0; a new one where it has none yet.</summary>
    int IdOf(SeriesKey series);

    /// <summary>The number of a metadata object, at least 0; a new one where it has none yet.</summary>
    int IdOf(Metadata metadata);

    /// <summary>The series of a number, the same object each time; null where there is none.</summary>
    SeriesKey? Series(int id);

    /// <summary>The metadata of a number; null where there is none.</summary>
    Metadata? Metadata(int id);
}
