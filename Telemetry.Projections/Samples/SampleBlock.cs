using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>How samples are packed: header, times, volumes, positions, indexes, metadata.</summary>
internal static class SampleBlock
{
    /// <param name="points">At least one, sorted.</param>
    public static void Write(Points points, ByteBuffer into)
    {
        var count = points.Count;
        var scratch = points.Scratch.AsSpan(0, count);
        var firstAt = points.Times[0];
        Block.WriteHeader(count, firstAt, points.Times[count - 1], into);
        for (var i = 0; i < count; i++)
            scratch[i] = unchecked(points.Times[i] - firstAt);
        InstantColumn.Write(scratch, into);
        DecimalColumn.Write(points.Volumes.AsSpan(0, count), into);
        for (var i = 0; i < count; i++)
            scratch[i] = Origin.PositionOf(points.Origins[i]);
        IntegerColumn.Write(scratch, into);
        for (var i = 0; i < count; i++)
            scratch[i] = Origin.IndexOf(points.Origins[i]);
        IntegerColumn.Write(scratch, into);
        RunColumn.Write(points.Metadata.AsSpan(0, count), into);
    }

    /// <summary>Reads the wanted columns; the others keep what they had.</summary>
    /// <exception cref="InvalidDataException">The bytes are no block.</exception>
    public static void Read(ReadOnlySpan<byte> block, PointColumns wanted, Points points)
    {
        var reader = new ByteReader(block);
        Read(ref reader, wanted, points);
    }

    public static void Read(ref ByteReader reader, PointColumns wanted, Points points)
    {
        var (count, firstAt, _) = Block.ReadHeader(ref reader);
        points.Count = count;
        if (wanted.HasFlag(PointColumns.Times))
        {
            var times = points.Times.AsSpan(0, count);
            InstantColumn.Read(ref reader, times);
            foreach (ref var time in times)
                time = unchecked(time + firstAt);
        }
        else
        {
            InstantColumn.Skip(ref reader, count);
        }
        if (wanted <= PointColumns.Times)
            return;
        if (wanted.HasFlag(PointColumns.Volumes))
            DecimalColumn.Read(ref reader, points.Volumes.AsSpan(0, count), points.Scratch.AsSpan(0, count));
        else
            DecimalColumn.Skip(ref reader, count);
        if (wanted < PointColumns.Origins)
            return;
        if (wanted.HasFlag(PointColumns.Origins))
        {
            IntegerColumn.Read(ref reader, points.Origins.AsSpan(0, count));
            IntegerColumn.Read(ref reader, points.Scratch.AsSpan(0, count));
            for (var i = 0; i < count; i++)
                points.Origins[i] = points.Origins[i] << Origin.IndexBits | points.Scratch[i];
        }
        else
        {
            IntegerColumn.Skip(ref reader, count);
            IntegerColumn.Skip(ref reader, count);
        }
        if (wanted.HasFlag(PointColumns.Metadata))
            RunColumn.Read(ref reader, points.Metadata.AsSpan(0, count));
    }
}
