namespace Telemetry.Domain.Metering.Compact;

/// <summary>Gives the numbers by which the log form of a batch names series and metadata. A number never gets another meaning.</summary>
public interface ISampleNumbers
{
    /// <summary>The number of a series, at least 0; a new one where it has none yet.</summary>
    int IdOf(SeriesKey series);

    /// <summary>The number of a metadata object, at least 0; a new one where it has none yet.</summary>
    int IdOf(Metadata metadata);
}
