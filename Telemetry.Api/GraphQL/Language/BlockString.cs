using System.Buffers;
using System.Text;

namespace Telemetry.Api.GraphQL.Language;

/// <summary>The indentation of block strings. Source: GraphQL, September 2025, BlockStringValue() and 2.9.4.</summary>
internal static class BlockString
{
    private static readonly string[] LineEnds = ["\r\n", "\n", "\r"];

    /// <summary>The text without common indentation, which the first line does not take part in, and without blank lines at both ends.</summary>
    public static string Dedent(string raw)
    {
        var lines = raw.Split(LineEnds, StringSplitOptions.None);
        var common = int.MaxValue;
        var first = -1;
        var last = -1;
        for (var i = 0; i < lines.Length; i++)
        {
            var indent = LeadingWhitespace(lines[i]);
            if (indent == lines[i].Length)
                continue;
            if (first < 0)
                first = i;
            last = i;
            if (i > 0)
                common = Math.Min(common, indent);
        }

        if (first < 0)
            return "";
        var text = new StringBuilder();
        for (var i = first; i <= last; i++)
        {
            if (i > first)
                text.Append('\n');
            text.Append(i == 0 ? lines[i] : lines[i].AsSpan(Math.Min(common, lines[i].Length)));
        }

        return text.ToString();
    }

    /// <summary>Whether a block string can hold a text, so that <see cref="Dedent"/> gives it back unchanged.</summary>
    public static bool CanHold(string value) =>
        value.Length == 0
        || (!value.AsSpan().ContainsAny(Unprintable) && Dedent(value.Contains('\n') ? $"\n{value}\n" : value) == value);

    private static readonly SearchValues<char> Unprintable =
        SearchValues.Create("\0\u0001\u0002\u0003\u0004\u0005\u0006\a\b\v\f\u000e\u000f\r");

    /// <summary>A text as a block string: on lines of its own where that reads better or is needed.</summary>
    public static string Print(string value)
    {
        var escaped = value.Replace("\"\"\"", "\\\"\"\"", StringComparison.Ordinal);
        var lines = escaped.Split(LineEnds, StringSplitOptions.None);
        var isSingle = lines.Length == 1;
        // A first line on the line of the quotes takes no part in the indentation; the others would lose theirs.
        var laterLinesIndented = !isSingle && lines.Skip(1).All(l => l.Length == 0 || IsBlank(l[0]));
        var endsLikeQuotes = value.EndsWith('"') || value.EndsWith('\\');
        var onOwnLines = !isSingle || value.Length > 70 || endsLikeQuotes;
        var keepsIndent = isSingle && value.Length > 0 && IsBlank(value[0]);
        var before = (onOwnLines && !keepsIndent) || laterLinesIndented ? "\n" : "";
        return $"\"\"\"{before}{escaped}{(onOwnLines ? "\n" : "")}\"\"\"";
    }

    private static bool IsBlank(char c) => c is ' ' or '\t';

    private static int LeadingWhitespace(string line)
    {
        var i = 0;
        while (i < line.Length && IsBlank(line[i]))
            i++;
        return i;
    }
}
