using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Ingest.Samples;

/// <summary>Some samples of a batch that follow each other, and the streams they belong to.</summary>
/// <param name="First">The index of the first one in the whole batch.</param>
internal sealed record BatchPart(int First, SampleBatch Batch, IReadOnlyList<StreamName> Streams);

/// <summary>Splits a batch that touches more streams than one event can be in.</summary>
internal static class SampleBatchSplit
{
    /// <summary>The whole batch as one part wherever its streams allow that.</summary>
    /// <param name="maxStreams">Streams of one part, at least 1.</param>
    public static IReadOnlyList<BatchPart> Split(SampleBatch batch, int maxStreams = EventId.MaxPart)
    {
        var all = batch.Streams();
        if (all.Count <= maxStreams)
            return [new(0, batch, all)];

        var parts = new List<BatchPart>();
        var streams = new HashSet<StreamName>();
        var first = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var stream = batch.StreamOf(i);
            if (streams.Count == maxStreams && !streams.Contains(stream))
            {
                parts.Add(Part(batch, first, i));
                streams.Clear();
                first = i;
            }
            streams.Add(stream);
        }
        parts.Add(Part(batch, first, batch.Count));
        return parts;
    }

    private static BatchPart Part(SampleBatch batch, int first, int end)
    {
        var part = new SampleBatch(
            batch.Series[first..end], batch.Timestamps[first..end], batch.Volumes[first..end], batch.Metadata[first..end],
            batch.MessageIds is { } ids
                ? new MessageIds(
                    ids.Uuids[first..end].ToArray(),
                    ids.Others.Where(o => o.Key >= first && o.Key < end).ToDictionary(o => o.Key - first, o => o.Value))
                : null,
            batch.Signatures?[(32 * first)..(32 * end)]);
        return new(first, part, part.Streams());
    }
}
