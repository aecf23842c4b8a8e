namespace Telemetry.Domain.Metering;

/// <summary>One measured value of one meter on one resource at one instant, as a reader gives it back.</summary>
/// <param name="Id">The sender's message id, or the one that follows from the event's id and the index.</param>
/// <param name="Timestamp">When the value was true, microseconds since 1970 (UTC).</param>
/// <param name="Volume">Finite, in the series' unit.</param>
/// <param name="RecordedAt">When it was stored, microseconds since 1970 (UTC).</param>
/// <param name="Signature">The sender's HMAC in lower-case hex, null where it sent none.</param>
public sealed record Sample(
    string Id, SeriesKey Series, long Timestamp, double Volume, Metadata Metadata, long RecordedAt, string? Signature);
