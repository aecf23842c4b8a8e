using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>A stream's share of a batch: the samples of one project and month.</summary>
/// <param name="Indexes">The numbers of its samples within the batch, ascending; at least one.</param>
public sealed record SampleShare(StreamName Stream, SampleBatch Batch, ArraySegment<int> Indexes)
{
    /// <summary>The shares of a batch in the order of <see cref="SampleBatch.Streams"/>.</summary>
    public static IReadOnlyList<SampleShare> Split(SampleBatch batch)
    {
        var numbers = new int[batch.Count]; // of each sample's share
        var streams = new List<StreamName>();
        var counts = new List<int>();
        var known = new Dictionary<(string Project, long Month), int>();
        string? project = null;
        long from = 1, to = 0; // the month of the sample before, as microseconds; empty at first
        var share = -1;
        for (var i = 0; i < numbers.Length; i++)
        {
            var at = batch.Timestamps[i];
            var isOtherMonth = at < from || at >= to;
            if (isOtherMonth || !ReferenceEquals(batch.Series[i].ProjectId, project))
            {
                project = batch.Series[i].ProjectId;
                if (isOtherMonth)
                    (from, to) = SampleStreams.MonthOf(at);
                // Samples of no project share the streams of a project that is called so.
                ref var found = ref CollectionsMarshal.GetValueRefOrAddDefault(known, (project ?? SampleStreams.NoProject, from), out var exists);
                if (!exists)
                {
                    found = streams.Count;
                    streams.Add(SampleStreams.For(project, at));
                    counts.Add(0);
                }
                share = found;
            }
            numbers[i] = share;
            CollectionsMarshal.AsSpan(counts)[share]++;
        }
        return Gather(batch, numbers, streams, counts);
    }

    /// <summary>The share of one stream; null where the batch has no sample of it.</summary>
    public static SampleShare? Of(SampleBatch batch, StreamName stream) => Split(batch).FirstOrDefault(s => s.Stream == stream);

    /// <summary>The digest of <see cref="CanonicalSamples"/>: what signatures and the audit log's leaves refer to.</summary>
    public Digest Digest() => CanonicalSamples.DigestOf(CanonicalSamples.Encode(this));

    private static SampleShare[] Gather(SampleBatch batch, int[] numbers, List<StreamName> streams, List<int> counts)
    {
        var shares = new SampleShare[streams.Count];
        var next = new int[streams.Count];
        var order = new int[numbers.Length];
        for (int n = 0, start = 0; n < shares.Length; start += counts[n], n++)
        {
            shares[n] = new(streams[n], batch, new(order, start, counts[n]));
            next[n] = start;
        }
        for (var i = 0; i < numbers.Length; i++)
            order[next[numbers[i]]++] = i;
        return shares;
    }
}
