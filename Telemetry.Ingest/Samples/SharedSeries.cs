using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>The series and metadata that samples of this process refer to, each one object for all parsers.</summary>
internal sealed class SharedSeries
{
    private readonly SharedInstances<SeriesKey> _series = new(maxBytes: 128L << 20);
    private readonly SharedInstances<Metadata> _metadata = new(maxBytes: 128L << 20);
    private readonly SharedInstances<string> _texts = new(maxBytes: 32L << 20);

    public SeriesKey Share(string meter, SampleType type, string? unit, string resourceId, string? projectId, string? userId, string source) =>
        _series.Share(
            new(Share(meter), type, Share(unit), Share(resourceId), Share(projectId), Share(userId), Share(source)),
            weight: 128); // the strings are counted with the texts

    public SeriesKey Share(SeriesKey key) => Share(key.Meter, key.Type, key.Unit, key.ResourceId, key.ProjectId, key.UserId, key.Source);

    public Metadata Share(Metadata metadata) => _metadata.Share(metadata, metadata.Utf8.Length);

    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(text))]
    public string? Share(string? text) => text is null ? null : _texts.Share(text, 2 * text.Length);
}
