namespace Telemetry.Domain.Metering;

/// <summary>A sample between its source and the store: what pipelines transform and publishers send.</summary>
/// <param name="Timestamp">When the value was true, microseconds since 1970 (UTC).</param>
/// <param name="Volume">Finite, in the series' unit.</param>
public sealed record SampleInFlight(SeriesKey Series, long Timestamp, double Volume, Metadata Metadata)
{
    /// <summary>The id that the sender gave, at most <see cref="MessageIds.MaxLength"/> characters; null where it gave none.</summary>
    public string? MessageId { get; init; }

    /// <summary>Seconds of a clock that never goes back, of the sending host; only for rates, never stored.</summary>
    public double? MonotonicTime { get; init; }

    /// <summary>The sender's HMAC, 32 bytes; null where it sent none or where it no longer fits.</summary>
    public byte[]? Signature { get; init; }

    /// <summary>The samples of a batch, one by one.</summary>
    public static IReadOnlyList<SampleInFlight> Of(SampleBatch batch) =>
    [
        .. Enumerable.Range(0, batch.Count).Select(i => new SampleInFlight(batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i])
        {
            MessageId = batch.MessageIds?[i],
            Signature = batch.Signature(i) is null ? null : batch.Signatures![(32 * i)..(32 * (i + 1))],
        }),
    ];

    /// <summary>The columns of these samples, in their order; equal series and metadata become one object each.</summary>
    public static SampleBatch ToBatch(IReadOnlyList<SampleInFlight> samples)
    {
        var series = new Dictionary<SeriesKey, SeriesKey>();
        var metadata = new Dictionary<Metadata, Metadata>();
        var others = new Dictionary<int, string>();
        var uuids = new Guid[samples.Count];
        for (var i = 0; i < samples.Count; i++)
        {
            // A UUID is kept as 16 bytes only where its text comes out as it went in.
            if (samples[i].MessageId is { Length: > 0 } id && !(Guid.TryParseExact(id, "D", out uuids[i]) && uuids[i].ToString() == id && uuids[i] != Guid.Empty))
                (others[i], uuids[i]) = (id, Guid.Empty);
        }
        return new(
            [.. samples.Select(s => Shared(series, s.Series))],
            [.. samples.Select(s => s.Timestamp)],
            [.. samples.Select(s => s.Volume)],
            [.. samples.Select(s => Shared(metadata, s.Metadata))],
            samples.Any(s => s.MessageId is { Length: > 0 }) ? new MessageIds(uuids, others) : null,
            samples.Any(s => s.Signature is not null) ? [.. samples.SelectMany(s => s.Signature ?? new byte[32])] : null);
    }

    private static T Shared<T>(Dictionary<T, T> seen, T value)
        where T : class => seen.TryGetValue(value, out var same) ? same : seen[value] = value;
}
