using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>How rollups of one series and level are packed: header, then a column for each part.</summary>
internal static class RollupBlock
{
    public const int Capacity = 32;

    /// <param name="rollups">1 to <see cref="Points.Capacity"/>.</param>
    public static void Write(ReadOnlySpan<Rollup> rollups, int level, ByteBuffer into)
    {
        var (firstAt, lastAt) = SpanOf(rollups);
        var count = rollups.Length;
        Span<long> whole = stackalloc long[count];
        Span<double> real = stackalloc double[count];
        Block.WriteHeader(count, firstAt, lastAt, into);
        for (var i = 0; i < count; i++)
            whole[i] = rollups[i].Bucket;
        IntegerColumn.Write(whole, into);
        for (var i = 0; i < count; i++)
            whole[i] = rollups[i].Total.Count;
        IntegerColumn.Write(whole, into);
        for (var i = 0; i < count; i++)
            real[i] = rollups[i].Total.Min;
        DecimalColumn.Write(real, into);
        for (var i = 0; i < count; i++)
            real[i] = rollups[i].Total.Max;
        DecimalColumn.Write(real, into);
        for (var i = 0; i < count; i++)
            real[i] = rollups[i].Total.Sum;
        DecimalColumn.Write(real, into);
        for (var i = 0; i < count; i++)
            real[i] = rollups[i].Total.M2;
        DecimalColumn.Write(real, into);
        for (var i = 0; i < count; i++)
            whole[i] = rollups[i].Total.FirstAt - rollups[i].Bucket * RollupLevels.Length(level);
        InstantColumn.Write(whole, into);
        for (var i = 0; i < count; i++)
            whole[i] = rollups[i].Total.LastAt - rollups[i].Bucket * RollupLevels.Length(level);
        InstantColumn.Write(whole, into);
        for (var i = 0; i < count; i++)
            whole[i] = Origin.PositionOf(rollups[i].FirstOrigin);
        IntegerColumn.Write(whole, into);
        for (var i = 0; i < count; i++)
            whole[i] = Origin.IndexOf(rollups[i].FirstOrigin);
        IntegerColumn.Write(whole, into);
    }

    /// <returns>How many there are.</returns>
    /// <param name="into">At least <see cref="Points.Capacity"/> entries.</param>
    /// <exception cref="InvalidDataException">The bytes are no block.</exception>
    public static int Read(ReadOnlySpan<byte> block, int level, Span<Rollup> into)
    {
        var reader = new ByteReader(block);
        return Read(ref reader, level, into);
    }

    public static int Read(ref ByteReader reader, int level, Span<Rollup> into)
    {
        var (count, _, _) = Block.ReadHeader(ref reader);
        Span<long> whole = stackalloc long[count];
        Span<double> real = stackalloc double[count];
        IntegerColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].Bucket = whole[i];
        IntegerColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.Count = whole[i];
        DecimalColumn.Read(ref reader, real, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.Min = real[i];
        DecimalColumn.Read(ref reader, real, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.Max = real[i];
        DecimalColumn.Read(ref reader, real, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.Sum = real[i];
        DecimalColumn.Read(ref reader, real, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.M2 = real[i];
        InstantColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.FirstAt = whole[i] + into[i].Bucket * RollupLevels.Length(level);
        InstantColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].Total.LastAt = whole[i] + into[i].Bucket * RollupLevels.Length(level);
        IntegerColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].FirstOrigin = whole[i];
        IntegerColumn.Read(ref reader, whole);
        for (var i = 0; i < count; i++)
            into[i].FirstOrigin = Origin.Of(into[i].FirstOrigin, (int)whole[i]);
        return count;
    }

    /// <summary>The earliest and the latest sample in some rollups.</summary>
    public static (long FirstAt, long LastAt) SpanOf(ReadOnlySpan<Rollup> rollups)
    {
        var (firstAt, lastAt) = (long.MaxValue, long.MinValue);
        foreach (ref readonly var rollup in rollups)
            (firstAt, lastAt) = (Math.Min(firstAt, rollup.Total.FirstAt), Math.Max(lastAt, rollup.Total.LastAt));
        return (firstAt, lastAt);
    }
}
