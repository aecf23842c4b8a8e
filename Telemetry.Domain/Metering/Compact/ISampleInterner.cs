using System.Text.Json;
using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>Shares equal texts, series and metadata among batches, so that each is made once.</summary>
public interface ISampleInterner
{
    /// <param name="utf8">Valid UTF-8 of at most <see cref="SeriesKey.MaxLength"/> characters.</param>
    string Text(ReadOnlySpan<byte> utf8);

    /// <summary>All texts are objects that <see cref="Text"/> gave for the same batch.</summary>
    SeriesKey Series(string meter, SampleType type, string? unit, string resourceId, string? projectId, string? userId, string source);

    /// <param name="json">Anything: it is as the sender wrote it.</param>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    Metadata Metadata(ReadOnlySpan<byte> json);

    /// <summary>The series of a dictionary that was read before with the very same bytes, null where there was none.</summary>
    SeriesKey[]? FindSeries(ReadOnlySpan<byte> keys);

    /// <summary>Keeps what a dictionary's bytes hold; the array is never changed.</summary>
    void AddSeries(ReadOnlySpan<byte> keys, SeriesKey[] series);

    /// <summary>As <see cref="FindSeries"/>, for metadata.</summary>
    Metadata[]? FindMetadata(ReadOnlySpan<byte> versions);

    /// <summary>As <see cref="AddSeries"/>, for metadata.</summary>
    void AddMetadata(ReadOnlySpan<byte> versions, Metadata[] metadata);

    /// <summary>A dictionary that was kept for the sender of this batch, null where there is none of this name.</summary>
    SampleDictionary? FindDictionary(Digest name);

    /// <summary>Keeps a dictionary for this sender's batches to come. The name was compared with its bytes.</summary>
    void KeepDictionary(Digest name, SampleDictionary dictionary);
}
