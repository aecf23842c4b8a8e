namespace Telemetry.Domain.Metering;

/// <summary>One measured value of one meter on one resource at one instant, as a reader gives it back.</summary>
/// <param name="Id">The sender's message id, or the one that follows from the event's id and the index.</param>
/// <param name="Timestamp">When the value was true, microseconds since 1970 (UTC).</param>
/// <param name="Volume">Finite, in the series' unit.</param>
/// <param name="RecordedAt">When it was stored, microseconds since 1970 (UTC).</param>
/// <param name="Signature">The sender's HMAC in lower-case hex, null where it sent none.</param>
public sealed record Sample(
    string Id, SeriesKey Series, long Timestamp, double Volume, Metadata Metadata, long RecordedAt, string? Signature)
{
    /// <summary>The place in the log of the event that brought it; 0 where the reader does not tell.</summary>
    public long Position { get; init; }

    /// <summary>Compares what was measured and how it was stored, not where.</summary>
    public bool Equals(Sample? other) =>
        other is not null && Id == other.Id && Series.Equals(other.Series) && Timestamp == other.Timestamp && Volume.Equals(other.Volume)
        && Metadata.Equals(other.Metadata) && RecordedAt == other.RecordedAt && Signature == other.Signature;

    public override int GetHashCode() => HashCode.Combine(Id, Series, Timestamp, Volume);
}
