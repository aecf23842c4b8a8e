using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>Guesses what an untyped value is, as Python's <c>ast.literal_eval</c> would read it.</summary>
internal static partial class PythonLiteral
{
    /// <summary>Integers, floats, <c>True</c>, <c>False</c>, <c>None</c> and quoted text; everything else is the text itself.</summary>
    public static QueryValue Guess(string text)
    {
        var literal = text.TrimStart(' ', '\t').TrimEnd();
        return literal switch
        {
            "None" => QueryValue.Null,
            "True" => QueryValue.Of(true),
            "False" => QueryValue.Of(false),
            _ when IntegerPattern().IsMatch(literal) && PythonInteger.Parse(literal.Replace("_", "", StringComparison.Ordinal)) is { } integer => TypedValue.Of(integer),
            _ when FloatPattern().IsMatch(literal)
                && double.TryParse(literal.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => QueryValue.Of(number),
            ['\'' or '"', ..] => QueryValue.Of(Unquote(literal) ?? text),
            _ => QueryValue.Of(text),
        };
    }

    /// <summary>Null where it is no single quoted text.</summary>
    private static string? Unquote(string literal)
    {
        var quote = literal[0];
        var text = new StringBuilder(literal.Length);
        for (var i = 1; i < literal.Length; i++)
        {
            if (literal[i] == quote)
                return i == literal.Length - 1 ? text.ToString() : null;
            if (literal[i] != '\\')
            {
                text.Append(literal[i]);
                continue;
            }
            if (++i == literal.Length)
                return null;
            _ = literal[i] switch
            {
                'n' => text.Append('\n'),
                'r' => text.Append('\r'),
                't' => text.Append('\t'),
                '\\' or '\'' or '"' => text.Append(literal[i]),
                var other => text.Append('\\').Append(other),
            };
        }
        return null;
    }

    // A leading zero makes no octal number but a syntax error, and so text.
    [GeneratedRegex(@"^[-+]?(0(_?0)*|[1-9](_?[0-9])*)$", RegexOptions.CultureInvariant)]
    private static partial Regex IntegerPattern();

    [GeneratedRegex(@"^[-+]?(([0-9](_?[0-9])*)?\.[0-9](_?[0-9])*([eE][-+]?[0-9]+)?|[0-9](_?[0-9])*\.([eE][-+]?[0-9]+)?|[0-9](_?[0-9])*[eE][-+]?[0-9]+)$", RegexOptions.CultureInvariant)]
    private static partial Regex FloatPattern();
}
