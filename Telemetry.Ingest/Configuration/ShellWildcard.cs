using System.Text;
using System.Text.RegularExpressions;

namespace Telemetry.Ingest.Configuration;

/// <summary>A shell wildcard: <c>*</c>, <c>?</c>, <c>[abc]</c>, <c>[!a-z]</c>; all else stands for itself.</summary>
/// <remarks>As Python's fnmatch on Unix: the whole text matches, and case counts.</remarks>
internal sealed partial class ShellWildcard
{
    private readonly Regex? _regex;
    private readonly string _text;

    /// <exception cref="ArgumentException">It is longer than <see cref="BoundedRegex.MaxLength"/> allows.</exception>
    public ShellWildcard(string pattern)
    {
        _text = pattern;
        if (pattern != "*" && pattern.AsSpan().IndexOfAny('*', '?', '[') >= 0)
            _regex = BoundedRegex.Create($@"\A(?s:{Translate(pattern)})\z");
    }

    public bool Matches(string text) => _text == "*" || (_regex?.IsMatch(text) ?? text == _text);

    public override string ToString() => _text;

    private static string Translate(string pattern)
    {
        var regex = new StringBuilder();
        for (var i = 0; i < pattern.Length; i++)
        {
            // A set that does not end is a bracket; a closing bracket that comes first belongs to the set.
            var first = i + 1 < pattern.Length && pattern[i + 1] == '!' ? i + 2 : i + 1;
            var end = pattern[i] == '[' && first < pattern.Length ? pattern.IndexOf(']', Math.Min(first + 1, pattern.Length)) : -1;
            if (pattern[i] == '*')
                regex.Append(".*");
            else if (pattern[i] == '?')
                regex.Append('.');
            else if (end > 0)
            {
                var set = SetCharacters().Replace(pattern[first..end], @"\$0");
                regex.Append(first == i + 2 ? "[^" : set[0] == '^' ? @"[\" : "[").Append(set).Append(']');
                i = end;
            }
            else
                regex.Append(Regex.Escape(pattern[i].ToString()));
        }
        return regex.ToString();
    }

    // What means something else within a .NET set than within a shell's.
    [GeneratedRegex(@"[\\\[\]]")]
    private static partial Regex SetCharacters();
}
