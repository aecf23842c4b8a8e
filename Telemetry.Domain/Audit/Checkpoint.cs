using System.Globalization;

namespace Telemetry.Domain.Audit;

/// <summary>The head of a log's Merkle tree at one size: the text that the log signs.</summary>
/// <remarks>Source: C2SP tlog-checkpoint.</remarks>
/// <param name="Origin">Names the log: one line, not empty; best a URL without its scheme.</param>
/// <param name="Size">How many leaves the tree has.</param>
/// <param name="Extensions">Further lines, not empty; null for none.</param>
public sealed record Checkpoint(string Origin, long Size, Digest Root, IReadOnlyList<string>? Extensions = null)
{
    /// <summary>Reads a note's text.</summary>
    /// <exception cref="FormatException">It is no checkpoint; the message says why.</exception>
    public static Checkpoint Parse(string text)
    {
        var lines = text.Split('\n');
        if (lines.Length < 4 || lines[^1] != "" || lines[..^1].Any(l => l == ""))
            throw new FormatException("A checkpoint is at least three lines: origin, size and root; none is empty.");
        if (!long.TryParse(lines[1], NumberStyles.None, CultureInfo.InvariantCulture, out var size) || lines[1] != size.ToString(CultureInfo.InvariantCulture))
            throw new FormatException($"'{lines[1]}' is no size of a tree: it is a decimal number without leading zeros.");
        if (Digest.Parse(lines[2]) is not { } root)
            throw new FormatException($"'{lines[2]}' is no root: it is the base 64 of 32 bytes.");
        return new(lines[0], size, root, lines.Length == 4 ? null : lines[3..^1]);
    }

    /// <summary>The text that is signed, each line ended by a line feed.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root}\n") + string.Concat((Extensions ?? []).Select(e => e + "\n"));
}
