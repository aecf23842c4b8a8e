using System.Globalization;

namespace Telemetry.Domain.Audit;

/// <summary>Where a tile lies: 256 consecutive nodes, or fewer at the right edge, of every eighth level of the tree.</summary>
/// <remarks>Source: C2SP tlog-tiles. Level 0 holds leaf hashes; a node of level L is the root of a full tile of level L-1.</remarks>
/// <param name="Level">0 to 7: 63 bits of leaves need no more.</param>
/// <param name="Width">256 for a full tile, 1 to 255 for a partial one.</param>
public readonly record struct Tile(int Level, long Index, int Width = Tile.FullWidth)
{
    public const int FullWidth = 256;
    public const int MaxLevel = 7;

    /// <summary>The nodes that a tile of some level and index has in a tree of that size; 0 where it has none.</summary>
    public static int WidthAt(int level, long index, long size) =>
        (int)Math.Clamp((size >> (8 * level)) - (index * FullWidth), 0, FullWidth);

    /// <summary>The path under <c>tile/</c>, such as <c>0/x001/x234/067.p/8</c>.</summary>
    public string Path
    {
        get
        {
            var path = Index.ToString(CultureInfo.InvariantCulture);
            path = path.PadLeft((path.Length + 2) / 3 * 3, '0');
            var parts = Enumerable.Range(0, path.Length / 3).Select(i => path.Substring(3 * i, 3)).ToArray();
            return $"{Level}/{string.Concat(parts[..^1].Select(p => $"x{p}/"))}{parts[^1]}{(Width == FullWidth ? "" : $".p/{Width}")}";
        }
    }

    /// <summary>Reads what <see cref="Path"/> writes; null where the text is no such path.</summary>
    public static Tile? Parse(string path)
    {
        var parts = path.Split('/');
        if (parts.Length < 2 || path.Length > 64 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var level) || level > MaxLevel)
            return null;
        var width = FullWidth;
        var last = parts.Length - 1;
        if (parts.Length > 2 && parts[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (!int.TryParse(parts[^1], NumberStyles.None, CultureInfo.InvariantCulture, out width) || width is < 1 or >= FullWidth)
                return null;
            last--;
            parts[last] = parts[last][..^2];
        }
        var digits = string.Concat(parts[1..(last + 1)].Select((p, i) => i == last - 1 ? p : p.StartsWith('x') ? p[1..] : "?"));
        return long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && new Tile(level, index, width) is var tile && tile.Path == path
            ? tile
            : null;
    }

    public override string ToString() => Path;
}
