namespace Telemetry.Projections.Samples;

/// <summary>Where a sample comes from, as one number: the position of its event in the log, and its index in the batch as the lowest 24 bits.</summary>
/// <remarks>The order of origins is the order of insertion.</remarks>
internal static class Origin
{
    public const int IndexBits = 24;
    public const long MaxPosition = long.MaxValue >> IndexBits;

    public static long Of(long position, int index) => position << IndexBits | (long)index;

    public static long PositionOf(long origin) => origin >> IndexBits;

    public static int IndexOf(long origin) => (int)(origin & ((1 << IndexBits) - 1));
}
