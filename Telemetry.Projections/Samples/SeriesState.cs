using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>What is stored of a series beside its blocks: summary, numbers of blocks, tail and open rollups.</summary>
internal static class SeriesState
{
    /// <param name="rollups">Those of the first level, then those of the next.</param>
    public static byte[] Write(
        in SeriesSummary summary, in Rollup hour, BlockView[] blocks, in TailView tail, ReadOnlySpan<Rollup> rollups, int[] rollupCounts,
        Points scratch, ByteBuffer buffer)
    {
        buffer.Clear();
        buffer.Varint((ulong)summary.Count);
        buffer.Signed(summary.FirstAt);
        buffer.Signed(summary.FirstOrigin);
        buffer.Signed(summary.LastAt);
        buffer.Signed(summary.LastOrigin);
        buffer.Double(summary.LastVolume);
        buffer.Signed(summary.LastMetadata);
        foreach (var list in blocks)
            buffer.Varint((ulong)(list.FirstCached + list.Count));
        foreach (var count in rollupCounts)
            buffer.Varint((ulong)count);
        for (var level = 0; level < rollupCounts.Length; level++)
        {
            if (rollupCounts[level] > 0)
                RollupBlock.Write(rollups[..rollupCounts[level]], level, buffer);
            rollups = rollups[rollupCounts[level]..];
        }
        RollupBlock.Write(new ReadOnlySpan<Rollup>(in hour), RollupLevels.Hour, buffer);
        if (tail.Count > 0)
        {
            scratch.Take(tail);
            SampleBlock.Write(scratch, buffer);
        }
        return buffer.ToArray();
    }

    /// <param name="blocks">Is given how many blocks are stored, by kind.</param>
    /// <exception cref="InvalidDataException">The bytes are no state.</exception>
    public static void Restore(Series series, byte[] state, Span<int> blocks, Points scratch)
    {
        var reader = new ByteReader(state);
        ref var summary = ref series.Summary;
        summary.Count = (long)reader.Varint();
        summary.FirstAt = reader.Signed();
        summary.FirstOrigin = reader.Signed();
        summary.LastAt = reader.Signed();
        summary.LastOrigin = reader.Signed();
        summary.LastVolume = reader.Double();
        summary.LastMetadata = (int)reader.Signed();
        foreach (ref var count in blocks)
            count = reader.Count(int.MaxValue);
        Span<int> rollups = stackalloc int[RollupLevels.Count];
        foreach (ref var count in rollups)
            count = reader.Count(RollupBlock.Capacity);
        var open = new Rollup[Points.Capacity];
        for (var level = 0; level < RollupLevels.Count; level++)
        {
            if (rollups[level] > 0)
                series.Rollups[level].Restore(open.AsSpan(0, RollupBlock.Read(ref reader, level, open)));
        }
        RollupBlock.Read(ref reader, RollupLevels.Hour, open);
        series.Hour = open[0];
        if (reader.AtEnd)
            return;
        SampleBlock.Read(ref reader, PointColumns.All, scratch);
        series.Restore(scratch);
    }
}
