using System.Globalization;

namespace Telemetry.Domain.Leases;

/// <summary>Work that is divided by a hash: a share is a range of its values, all ranges are equally wide.</summary>
public static class HashRanges
{
    /// <summary>The names of the shares, as they are leased; work that is not divided has the name of its kind.</summary>
    public static IReadOnlyList<string> Shares(string kind, int count) =>
        count == 1 ? [kind] : [.. Enumerable.Range(0, count).Select(n => $"{kind}-{n.ToString("00", CultureInfo.InvariantCulture)}")];

    /// <summary>The number of the range that a hash lies in, from 0.</summary>
    public static int Of(uint hash, int count) => (int)((ulong)hash * (uint)count >> 32);
}
