using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Statistics;

namespace Telemetry.Projections.Samples;

/// <summary>What the samples of one series in one hour or day come to. There may be several of one bucket: they merge.</summary>
internal struct Rollup
{
    /// <summary>The number of the hour or day since 1970; negative before.</summary>
    public long Bucket;

    public Accumulator Total;

    /// <summary>The origin of the sample among them that was inserted first.</summary>
    public long FirstOrigin;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(long at, double volume, long origin)
    {
        if (Total.Count == 0)
            FirstOrigin = origin; // origins only ascend
        Total.Add(at, volume);
    }

    public void Merge(in Rollup other)
    {
        FirstOrigin = Total.Count == 0 ? other.FirstOrigin : Math.Min(FirstOrigin, other.FirstOrigin);
        Total.Merge(other.Total);
    }
}

/// <summary>The lengths of time that rollups are kept for.</summary>
internal static class RollupLevels
{
    public const int Hour = 0;
    public const int Day = 1;
    public const int Count = 2;

    /// <summary>The length of a bucket in microseconds.</summary>
    public static long Length(int level) => level == Hour ? UnixMicroseconds.PerHour : UnixMicroseconds.PerDay;

    /// <summary>The bucket that an instant lies in.</summary>
    public static long BucketOf(int level, long at) => level == Hour ? Floor(at, UnixMicroseconds.PerHour) : Floor(at, UnixMicroseconds.PerDay);

    public static long Floor(long at, long length)
    {
        var (quotient, remainder) = Math.DivRem(at, length);
        return remainder < 0 ? quotient - 1 : quotient;
    }
}
