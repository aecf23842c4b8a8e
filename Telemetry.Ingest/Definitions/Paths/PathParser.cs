using System.Globalization;
using System.Text.Json;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>Reads paths by recursive descent.</summary>
/// <remarks>
/// <code>
/// expression := term (('+' | '-') term)*        term := union ('*' union)*
/// union      := operand ('|' operand)*          operand := number | 'text' | path
/// path       := start step*                     start := '$' | '@' | names | '(' expression ')' | '[' … ']' | `function`
/// step       := '.' names | '.*' | '..' names | '[' … ']' | '.(' expression ')' | '.`function`'
/// names      := name ((',' | '|') name)*
/// </code>
/// </remarks>
internal sealed partial class PathParser
{
    private const int MaxDepth = 20;

    private readonly string _text;
    private int _at;
    private int _depth;

    private PathParser(string text) => _text = text;

    public static PathNode Parse(string text)
    {
        if (text.Length > NotificationPath.MaxLength)
            throw new PathException($"A path has at most {NotificationPath.MaxLength} characters, not {text.Length}.");
        var parser = new PathParser(text);
        var node = parser.Expression();
        parser.SkipSpaces();
        return parser._at == text.Length ? node : throw parser.Unexpected();
    }

    private PathNode Expression()
    {
        if (++_depth > MaxDepth)
            throw new PathException($"Path '{_text}' is nested deeper than {MaxDepth} levels.");
        var node = Term();
        while (Next() is '+' or '-')
        {
            var sign = _text[_at++];
            node = new ArithmeticNode(sign, AsOperand(node), AsOperand(Term()));
        }
        _depth--;
        return node;
    }

    private PathNode Term()
    {
        var node = Union();
        while (Next() == '*')
        {
            _at++;
            node = new ArithmeticNode('*', AsOperand(node), AsOperand(Union()));
        }
        return node;
    }

    // A quoted text is a text where something is computed with it, and a key anywhere else.
    private static PathNode AsOperand(PathNode node) => node is QuotedNode quoted ? new ConstantNode(JsonValues.Of(quoted.Text)) : node;

    private PathNode Union()
    {
        var parts = new List<PathNode> { Path() };
        while (Next() == '|')
        {
            _at++;
            parts.Add(Path());
        }
        return parts.Count == 1 ? parts[0] : new UnionNode(parts);
    }

    private PathNode Path()
    {
        var node = Start();
        while (Next() is var c && (c is '.' or '['))
        {
            if (c == '[')
                node = new ChildNode(node, Bracket());
            else if (_text.AsSpan(_at).StartsWith(".."))
            {
                _at += 2;
                node = new DescendantsNode(node, Step());
            }
            else
            {
                _at++;
                node = new ChildNode(node, Step());
            }
        }
        return node;
    }

    private PathNode Start()
    {
        switch (Next())
        {
            case '$':
                _at++;
                return new RootNode();
            case '@':
                _at++;
                return new ThisNode();
            case >= '0' and <= '9':
                return new ConstantNode(Number());
            case '-' when _at + 1 < _text.Length && char.IsAsciiDigit(_text[_at + 1]):
                return new ConstantNode(Number());
            case '\'' or '"':
                var start = _at;
                var quoted = Quoted();
                if (Next() is not (',' or '.' or '['))
                    return new QuotedNode(quoted);
                _at = start;
                return Names();
            default:
                return Step();
        }
    }

    /// <summary>What can follow a point.</summary>
    private PathNode Step()
    {
        switch (Next())
        {
            case '*':
                _at++;
                return new WildcardNode();
            case '[':
                return Bracket();
            case '`':
                return Function();
            case '(':
                _at++;
                var node = Expression();
                Expect(')');
                return node;
            default:
                return Names();
        }
    }

    private FieldsNode Names()
    {
        var names = new List<string> { Name() };
        while (Next() is ',' or '|')
        {
            var separator = _at++;
            // A union of whole paths, or the next key of a sort.
            if (_text[separator] == '|' ? Next() is '$' or '(' or '@' : Next() is '/' or '\\')
            {
                _at = separator;
                break;
            }
            names.Add(Name());
        }
        return new FieldsNode(names);
    }

    private string Name()
    {
        if (Next() is '\'' or '"')
            return Quoted();
        var start = _at;
        if (_at < _text.Length && (char.IsLetter(_text[_at]) || _text[_at] == '_'))
        {
            while (_at < _text.Length && (char.IsLetterOrDigit(_text[_at]) || _text[_at] is '_' or '-' or '@'))
                _at++;
        }
        return _at > start ? _text[start.._at] : throw Unexpected();
    }

    private string Quoted()
    {
        var quote = _text[_at++];
        var result = new System.Text.StringBuilder();
        for (; _at < _text.Length; _at++)
        {
            if (_text[_at] == quote)
            {
                _at++;
                return result.ToString();
            }
            if (_text[_at] == '\\' && _at + 1 < _text.Length)
                _at++;
            result.Append(_text[_at]);
        }
        throw new PathException($"Path '{_text}': a text that begins with {quote} does not end.");
    }

    private JsonElement Number()
    {
        var start = _at++;
        while (_at < _text.Length && (char.IsAsciiDigit(_text[_at]) || _text[_at] == '.'))
            _at++;
        var number = _text.AsSpan(start, _at - start);
        if (long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            return JsonValues.Of(integer);
        return double.TryParse(number, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            ? JsonValues.Of(value)
            : throw new PathException($"Path '{_text}': '{number}' is no number.");
    }

    private void SkipSpaces()
    {
        while (_at < _text.Length && char.IsWhiteSpace(_text[_at]))
            _at++;
    }

    /// <summary>The next character that is no space, <c>'\0'</c> at the end.</summary>
    private char Next()
    {
        SkipSpaces();
        return _at < _text.Length ? _text[_at] : '\0';
    }

    private void Expect(char expected)
    {
        if (Next() != expected)
            throw new PathException(_at < _text.Length
                ? $"Path '{_text}': '{expected}' is expected at character {_at + 1}, not '{_text[_at]}'."
                : $"Path '{_text}': '{expected}' is missing at the end.");
        _at++;
    }

    private PathException Unexpected() => new(_at < _text.Length
        ? $"Path '{_text}': '{_text[_at]}' is not expected at character {_at + 1}."
        : $"Path '{_text}' ends where more is expected.");

    /// <summary>A quoted text of which it is not known yet whether it is a key.</summary>
    private sealed class QuotedNode(string text) : PathNode
    {
        private readonly FieldsNode _key = new([text]);

        public string Text { get; } = text;

        public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => _key.Find(search, current);
    }
}
