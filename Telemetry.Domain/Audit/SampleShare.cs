using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>A stream's share of a batch: the samples of one project and month.</summary>
/// <param name="Indexes">The numbers of its samples within the batch, ascending.</param>
public sealed record SampleShare(StreamName Stream, SampleBatch Batch, IReadOnlyList<int> Indexes)
{
    /// <summary>The shares of a batch in the order of <see cref="SampleBatch.Streams"/>.</summary>
    public static IReadOnlyList<SampleShare> Split(SampleBatch batch)
    {
        var streams = new Dictionary<StreamName, List<int>>();
        var shares = new List<SampleShare>();
        List<int>? current = null;
        string? project = null;
        long from = 1, to = 0; // the month of the sample before, as microseconds; empty at first
        for (var i = 0; i < batch.Count; i++)
        {
            var at = batch.Timestamps[i];
            if (current is null || at < from || at >= to || !ReferenceEquals(batch.Series[i].ProjectId, project))
            {
                project = batch.Series[i].ProjectId;
                if (at < from || at >= to)
                    (from, to) = SampleStreams.MonthOf(at);
                var stream = SampleStreams.For(project, at);
                if (!streams.TryGetValue(stream, out current))
                {
                    streams[stream] = current = [];
                    shares.Add(new(stream, batch, current));
                }
            }
            current.Add(i);
        }
        return shares;
    }

    /// <summary>The share of one stream; null where the batch has no sample of it.</summary>
    public static SampleShare? Of(SampleBatch batch, StreamName stream) => Split(batch).FirstOrDefault(s => s.Stream == stream);

    /// <summary>The digest of <see cref="CanonicalSamples"/>: what signatures and the audit log's leaves refer to.</summary>
    public Digest Digest() => CanonicalSamples.DigestOf(this);
}
