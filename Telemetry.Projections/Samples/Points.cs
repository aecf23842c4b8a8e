using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples;

/// <summary>Which columns of a block are wanted: each can be read without the others.</summary>
[Flags]
internal enum PointColumns
{
    Times = 1,
    Volumes = 2,
    Origins = 4,
    Metadata = 8,
    All = Times | Volumes | Origins | Metadata,
}

/// <summary>Samples of one series as columns, sorted by timestamp, equal ones by origin. Used again for block after block.</summary>
internal sealed class Points
{
    public const int Capacity = 128;

    public readonly long[] Times = new long[Capacity];
    public readonly double[] Volumes = new double[Capacity];
    public readonly long[] Origins = new long[Capacity];

    /// <summary>Ids of metadata.</summary>
    public readonly int[] Metadata = new int[Capacity];

    public readonly long[] Scratch = new long[Capacity];

    /// <summary>How many there are.</summary>
    public int Count { get; set; }

    /// <summary>Copies what a series has not sealed yet.</summary>
    public void Take(in TailView tail)
    {
        Count = tail.Count;
        var points = tail.Points;
        if (!tail.Sorted)
        {
            points = points.AsSpan(0, Count).ToArray();
            points.AsSpan().Sort(static (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : a.Origin.CompareTo(b.Origin));
        }
        for (var i = 0; i < Count; i++)
        {
            ref readonly var point = ref points[i];
            (Times[i], Volumes[i], Origins[i], Metadata[i]) = (point.At, point.Volume, point.Origin, point.Metadata);
        }
    }

    /// <summary>The samples that lie in a span of time: from the first index up to, not including, the second.</summary>
    public (int From, int To) Within(TimeRange range)
    {
        var times = Times.AsSpan(0, Count);
        var from = range.From is { } start && start > times[0] ? LowerBound(times, start) : 0;
        var to = range.To is { } end && end <= times[^1] ? LowerBound(times, end) : Count;
        return (from, Math.Max(from, to));
    }

    /// <summary>The first index whose time is not before an instant.</summary>
    public static int LowerBound(ReadOnlySpan<long> times, long at)
    {
        int low = 0, high = times.Length;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (times[middle] < at)
                low = middle + 1;
            else
                high = middle;
        }
        return low;
    }
}
