using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Samples;

/// <summary>A sealed, immutable block of one series: samples or rollups, packed.</summary>
/// <param name="FirstAt">The earliest sample in it, microseconds since 1970.</param>
/// <param name="LastAt">The latest.</param>
/// <param name="LatestSoFar">The latest sample in this block and all that the series sealed before it.</param>
/// <param name="SealedAt">The position of the event at which it was sealed: stored up to there, it is in the tables. 0 where it came from these.</param>
internal sealed record Block(long FirstAt, long LastAt, long LatestSoFar, long SealedAt, byte[] Data)
{
    /// <summary>What it takes in memory, roughly.</summary>
    public int Size => Data.Length + 96;

    /// <summary>A block as it was stored, whose first bytes tell its span.</summary>
    public static Block Restore(byte[] data, long latestBefore)
    {
        var (_, firstAt, lastAt) = ReadHeader(data);
        return new(firstAt, lastAt, Math.Max(lastAt, latestBefore), 0, data);
    }

    /// <summary>How many entries, the first sample's time, and how much later the last one is.</summary>
    public static void WriteHeader(int count, long firstAt, long lastAt, ByteBuffer into)
    {
        into.Varint((ulong)count);
        into.Signed(firstAt);
        into.Varint(unchecked((ulong)(lastAt - firstAt)));
    }

    public static (int Count, long FirstAt, long LastAt) ReadHeader(ref ByteReader from)
    {
        var count = from.Count(Points.Capacity);
        if (count == 0)
            throw ByteReader.Damaged();
        var firstAt = from.Signed();
        return (count, firstAt, unchecked(firstAt + (long)from.Varint()));
    }

    private static (int Count, long FirstAt, long LastAt) ReadHeader(byte[] data)
    {
        var reader = new ByteReader(data);
        return ReadHeader(ref reader);
    }
}
