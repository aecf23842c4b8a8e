using System.Text.RegularExpressions;

namespace Telemetry.Ingest.Configuration;

/// <summary>Regular expressions from files, none of which may take long whatever they are matched with.</summary>
internal static partial class BoundedRegex
{
    public const int MaxLength = 2_000;

    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(50);

    /// <summary>Reads Python's syntax as far as .NET's differs in it (<c>(?P&lt;name&gt;…)</c>).</summary>
    /// <remarks>Matching takes linear time; only patterns with lookarounds or back references, which cannot, may take up to 50 ms.</remarks>
    /// <param name="fromStart">Whether a match must begin where the text does, as with Python's <c>re.match</c>.</param>
    /// <exception cref="ArgumentException">It is no regular expression, or too long.</exception>
    public static Regex Create(string pattern, bool fromStart = false)
    {
        if (pattern.Length > MaxLength)
            throw new ArgumentException($"A pattern has at most {MaxLength} characters, not {pattern.Length}.");
        var translated = PythonGroup().Replace(pattern, "(?<$1>");
        if (fromStart)
            translated = $@"\A(?:{translated})";
        try
        {
            return new Regex(translated, RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
        }
        catch (NotSupportedException)
        {
            return new Regex(translated, RegexOptions.CultureInvariant, Timeout);
        }
    }

    /// <summary>A replacement in Python's syntax (<c>\1</c>, <c>\g&lt;name&gt;</c>) in .NET's.</summary>
    public static string Replacement(string python) => PythonReference().Replace(
        python.Replace("$", "$$", StringComparison.Ordinal),
        m => m.Groups[1].Success ? $"${{{m.Groups[1].Value}}}" : m.Groups[2].Success ? $"${{{m.Groups[2].Value}}}" : "\\");

    [GeneratedRegex(@"\(\?P<(\w+)>", RegexOptions.NonBacktracking)]
    private static partial Regex PythonGroup();

    [GeneratedRegex(@"\\(\d{1,2})|\\g<(\w+)>|\\\\", RegexOptions.NonBacktracking)]
    private static partial Regex PythonReference();
}
