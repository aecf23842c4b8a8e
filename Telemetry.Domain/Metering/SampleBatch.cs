using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Metering;

/// <summary>Samples that were accepted together, as columns: the n-th sample is the n-th entry of every column.</summary>
/// <remarks>Immutable once it was handed to the event store. Order is the order of arrival. All columns have the same length.</remarks>
public sealed class SampleBatch
{
    /// <summary>Index bits of a sample id bound what one batch can hold.</summary>
    public const int MaxCount = EventId.MaxIndex + 1;

    /// <param name="series">Equal keys should be the same object.</param>
    /// <param name="timestamps">Microseconds since 1970 (UTC), <see cref="UnixMicroseconds.Min"/> to <see cref="UnixMicroseconds.Max"/>.</param>
    /// <param name="volumes">Finite.</param>
    /// <param name="metadata">Equal metadata should be the same object.</param>
    /// <param name="messageIds">Ids that the sender gave, or null: then ids follow from the event's id and the index.</param>
    /// <param name="signatures">Per-sample HMACs that the sender gave, 32 bytes a sample, all zero where one had none; or null.</param>
    /// <exception cref="ArgumentException">Columns differ in length, or there are more than <see cref="MaxCount"/> samples.</exception>
    public SampleBatch(
        SeriesKey[] series, long[] timestamps, double[] volumes, Metadata[] metadata, MessageIds? messageIds = null, byte[]? signatures = null)
    {
        if (timestamps.Length != series.Length || volumes.Length != series.Length || metadata.Length != series.Length
            || (messageIds is not null && messageIds.Count != series.Length)
            || (signatures is not null && signatures.Length != 32 * series.Length))
            throw new ArgumentException("All columns of a batch have the same length.");
        if (series.Length > MaxCount)
            throw new ArgumentException($"A batch holds at most {MaxCount} samples, not {series.Length}.");
        Series = series;
        Timestamps = timestamps;
        Volumes = volumes;
        Metadata = metadata;
        MessageIds = messageIds;
        Signatures = signatures;
    }

    /// <summary>Whether <see cref="Series"/> is the very array of other batches too, as of an agent that sends the same series with every poll:
    /// what was worked out for that array, which never changes, holds for this batch.</summary>
    public bool RepeatsSeries { get; init; }

    public int Count => Series.Length;
    public SeriesKey[] Series { get; }
    public long[] Timestamps { get; }
    public double[] Volumes { get; }
    public Metadata[] Metadata { get; }
    public MessageIds? MessageIds { get; }
    public byte[]? Signatures { get; }

    /// <summary>The id of a sample as clients see it: the sender's, or one made of the event's id and the index.</summary>
    public string SampleId(EventId id, int index) => MessageIds?[index] ?? id.Sample(index).ToString();

    /// <summary>The sender's signature as lower-case hex, null where there is none.</summary>
    public string? Signature(int index)
    {
        if (Signatures is null)
            return null;
        var bytes = Signatures.AsSpan(32 * index, 32);
        return bytes.IndexOfAnyExcept((byte)0) < 0 ? null : Convert.ToHexStringLower(bytes);
    }

    /// <summary>The stream that keeps a sample: one a project and month of the sample's timestamp.</summary>
    public StreamName StreamOf(int index) => SampleStreams.For(Series[index].ProjectId, Timestamps[index]);

    /// <summary>The streams that this batch touches, each once, in the order of their first sample.</summary>
    public IReadOnlyList<StreamName> Streams()
    {
        var streams = new List<StreamName>();
        var seen = new HashSet<(string, int)>();
        string? project = null;
        long from = 1, to = 0; // the month of the sample before, as microseconds; empty at first
        for (var i = 0; i < Count; i++)
        {
            var at = Timestamps[i];
            if (at >= from && at < to && ReferenceEquals(Series[i].ProjectId, project))
                continue;
            project = Series[i].ProjectId;
            (from, to) = SampleStreams.MonthOf(at);
            // Samples of no project share the streams of a project that is called so.
            if (seen.Add((project ?? SampleStreams.NoProject, (int)(from / UnixMicroseconds.PerDay))))
                streams.Add(StreamOf(i));
        }
        return streams;
    }
}
