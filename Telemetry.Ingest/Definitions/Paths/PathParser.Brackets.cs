using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>What stands in brackets and back quotes.</summary>
internal sealed partial class PathParser
{
    private PathNode Bracket()
    {
        Expect('[');
        PathNode node = Next() switch
        {
            '?' => Filter(),
            '/' or '\\' => Sort(),
            '\'' or '"' => new FieldsNode([Quoted()]),
            '*' => All(),
            _ => Elements(),
        };
        Expect(']');
        return node;
    }

    private SliceNode All()
    {
        _at++;
        return new(null, null);
    }

    private PathNode Elements()
    {
        var from = Index();
        if (Next() != ':')
            return new ElementNode(from ?? throw Unexpected());
        _at++;
        return new SliceNode(from, Index());
    }

    private int? Index()
    {
        SkipSpaces();
        var start = _at;
        if (Next() == '-')
            _at++;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
            _at++;
        if (start == _at)
            return null;
        return int.TryParse(_text.AsSpan(start, _at - start), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
            ? index
            : throw new PathException($"Path '{_text}': '{_text[start.._at]}' is no index.");
    }

    private FilterNode Filter()
    {
        _at++;
        var inParentheses = Next() == '(';
        if (inParentheses)
            _at++;
        var conditions = new List<FilterCondition> { Condition() };
        while (Next() == '&')
        {
            _at++;
            conditions.Add(Condition());
        }
        if (inParentheses)
            Expect(')');
        return new(conditions);
    }

    private FilterCondition Condition()
    {
        var path = Path();
        if (Next() is not ('=' or '!' or '<' or '>'))
            return new(path, null, JsonValues.Null);
        var start = _at++;
        if (_at < _text.Length && _text[_at] == '=')
            _at++;
        var @operator = _text[start.._at];
        return @operator == "!" ? throw Unexpected() : new(path, @operator, Constant());
    }

    private JsonElement Constant() => Next() switch
    {
        '\'' or '"' => JsonValues.Of(Quoted()),
        '-' or >= '0' and <= '9' => Number(),
        _ => JsonValues.Of(Name()),
    };

    private SortNode Sort()
    {
        var keys = new List<(PathNode, bool)>();
        do
        {
            if (keys.Count > 0)
                _at++;
            var descending = Next() switch { '\\' => true, '/' => false, _ => throw Unexpected() };
            _at++;
            keys.Add((Path(), descending));
        }
        while (Next() == ',');
        return new(keys);
    }

    private PathNode Function()
    {
        var end = _text.IndexOf('`', _at + 1);
        if (end < 0)
            throw new PathException($"Path '{_text}': a function that begins with ` does not end.");
        var function = _text[(_at + 1)..end];
        _at = end + 1;
        if (function is "this")
            return new ThisNode();
        if (function is "len")
            return new LengthNode();
        if (function is "sorted")
            return new SortNode([]);
        if (SplitPattern().Match(function) is { Success: true } split)
            return Split(function, split);
        if (SubPattern().Match(function) is { Success: true } sub)
            return Sub(sub);
        throw new PathException($"Path '{_text}': `{function}` is no function; "
            + "there are `split(SEPARATOR, INDEX, MAX)`, `sub(/regex/, replacement)`, `len`, `sorted` and `this`.");
    }

    private SplitNode Split(string function, Match match) =>
        int.TryParse(match.Groups[2].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
            && int.TryParse(match.Groups[3].ValueSpan, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var max)
            && max < int.MaxValue
            ? new(match.Groups[1].Value, index, max)
            : throw new PathException($"Path '{_text}': `{function}` has an index that is too large.");

    private SubNode Sub(Match match)
    {
        try
        {
            return new(BoundedRegex.Create(match.Groups[1].Value), BoundedRegex.Replacement(match.Groups[2].Value));
        }
        catch (ArgumentException e)
        {
            throw new PathException($"Path '{_text}': '{match.Groups[1].Value}' is no regular expression: {e.Message}", e);
        }
    }

    [GeneratedRegex(@"\Asplit\((.+?),\s*(-?\d+),\s*(-?\d+)\)\z")]
    private static partial Regex SplitPattern();

    [GeneratedRegex(@"\Asub\(/(.*)/,\s*(.*)\)\z")]
    private static partial Regex SubPattern();
}
