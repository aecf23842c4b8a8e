namespace Telemetry.Domain.Metering.Compact;

/// <summary>The series and metadata that a batch's columns name by their numbers, as they were read.</summary>
/// <param name="bytes">What it took in the block.</param>
public sealed class SampleDictionary(SeriesKey[] series, Metadata[] metadata, int bytes) : ISampleCatalog
{
    public int SeriesCount => series.Length;

    public int MetadataCount => metadata.Length;

    public int Bytes => bytes;

    public SeriesKey? Series(int id) => (uint)id < (uint)series.Length ? series[id] : null;

    public Metadata? Metadata(int id) => (uint)id < (uint)metadata.Length ? metadata[id] : null;

    /// <summary>A batch that names every series once, in the dictionary's order, has only steps of 0.</summary>
    public SeriesKey[]? FindColumn(ReadOnlySpan<byte> column) => column.Length == series.Length && !column.ContainsAnyExcept((byte)0) ? series : null;
}
