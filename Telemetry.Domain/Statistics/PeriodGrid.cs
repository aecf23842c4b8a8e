using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Statistics;

/// <summary>Buckets of equal length that follow each other without a gap: [start + i·length, start + (i+1)·length).</summary>
public readonly record struct PeriodGrid
{
    private readonly long _length;

    /// <param name="start">Where bucket 0 begins, microseconds since 1970.</param>
    /// <param name="periodSeconds">At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The period is not positive, or so long that a bucket would end after the year 9999.</exception>
    public PeriodGrid(long start, long periodSeconds)
    {
        if (periodSeconds <= 0 || periodSeconds > (UnixMicroseconds.Max - start) / UnixMicroseconds.PerSecond)
            throw new ArgumentOutOfRangeException(nameof(periodSeconds), periodSeconds, "A period is at least a second and ends before the year 10000.");
        Start = start;
        _length = periodSeconds * UnixMicroseconds.PerSecond;
    }

    public long Start { get; }

    /// <summary>The length of a bucket in microseconds.</summary>
    public long Length => _length;

    /// <summary>The bucket that an instant lies in; negative before the start.</summary>
    public long IndexOf(long at)
    {
        var (quotient, remainder) = Math.DivRem(at - Start, _length);
        return remainder < 0 ? quotient - 1 : quotient;
    }

    public long StartOf(long index) => Start + index * _length;

    /// <summary>Whether all edges of all buckets lie on multiples of a length, such as whole hours.</summary>
    public bool IsAlignedTo(long length) => Start % length == 0 && _length % length == 0;
}
