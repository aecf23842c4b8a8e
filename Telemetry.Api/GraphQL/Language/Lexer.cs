using System.Globalization;
using System.Text;

namespace Telemetry.Api.GraphQL.Language;

/// <summary>Cuts a text into tokens, one at a time. Source: GraphQL, September 2025, section 2.1.</summary>
internal ref struct Lexer(string source, int maxTokens)
{
    private readonly ReadOnlySpan<char> _text = source;
    private int _next;
    private int _tokens;

    /// <summary>What the last <see cref="MoveNext"/> found.</summary>
    public TokenKind Kind { get; private set; }

    /// <summary>Where it begins.</summary>
    public int Start { get; private set; }

    /// <summary>Where the token before it ended.</summary>
    public int PreviousEnd { get; private set; }

    /// <summary>The text of a string, block string, name or number; null for punctuation.</summary>
    public string? Value { get; private set; }

    public readonly string Source => source;

    /// <summary>Whether the token is a name with just this text; allocates nothing.</summary>
    public readonly bool IsName(ReadOnlySpan<char> keyword) => Kind == TokenKind.Name && keyword.SequenceEqual(Value);

    /// <exception cref="SyntaxException">No token can begin here, or there are too many.</exception>
    public void MoveNext()
    {
        PreviousEnd = _next;
        SkipIgnored();
        Start = _next;
        Value = null;
        if (_next >= _text.Length)
        {
            Kind = TokenKind.EndOfFile;
            return;
        }

        if (++_tokens > maxTokens)
            throw new SyntaxException($"The document has more than {maxTokens} tokens.", source, Start, SyntaxException.LimitCode);
        var c = _text[_next];
        Kind = c switch
        {
            '!' => Punctuation(TokenKind.Bang),
            '$' => Punctuation(TokenKind.Dollar),
            '&' => Punctuation(TokenKind.Ampersand),
            '(' => Punctuation(TokenKind.LeftParenthesis),
            ')' => Punctuation(TokenKind.RightParenthesis),
            ':' => Punctuation(TokenKind.Colon),
            '=' => Punctuation(TokenKind.Equal),
            '@' => Punctuation(TokenKind.At),
            '[' => Punctuation(TokenKind.LeftBracket),
            ']' => Punctuation(TokenKind.RightBracket),
            '{' => Punctuation(TokenKind.LeftBrace),
            '|' => Punctuation(TokenKind.Pipe),
            '}' => Punctuation(TokenKind.RightBrace),
            '.' => Spread(),
            '"' => _text[_next..].StartsWith("\"\"\"") ? BlockString() : String(),
            '-' or (>= '0' and <= '9') => Number(),
            _ when IsNameStart(c) => Name(),
            _ => throw Unexpected(_next),
        };
    }

    public static bool IsNameStart(char c) => char.IsAsciiLetter(c) || c == '_';

    public static bool IsNameContinue(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private void SkipIgnored()
    {
        while (_next < _text.Length)
        {
            switch (_text[_next])
            {
                case '\uFEFF' or '\t' or ' ' or ',' or '\n' or '\r':
                    _next++;
                    break;
                case '#':
                    SkipComment();
                    break;
                default:
                    return;
            }
        }
    }

    private void SkipComment()
    {
        while (_next < _text.Length && _text[_next] is not ('\n' or '\r'))
            _next += ScalarLength(_next);
    }

    /// <summary>UTF-16 code units of the character at a place: a lone surrogate is no character.</summary>
    private readonly int ScalarLength(int at) =>
        Rune.DecodeFromUtf16(_text[at..], out _, out var length) == System.Buffers.OperationStatus.Done ? length : throw Unexpected(at);

    private TokenKind Punctuation(TokenKind kind)
    {
        _next++;
        return kind;
    }

    private TokenKind Spread()
    {
        if (!_text[_next..].StartsWith("..."))
        {
            throw _next + 1 < _text.Length && char.IsAsciiDigit(_text[_next + 1])
                ? Error("A number needs a digit before its point.", _next)
                : Unexpected(_next);
        }

        _next += 3;
        return TokenKind.Spread;
    }

    private TokenKind Name()
    {
        var end = _next + 1;
        while (end < _text.Length && IsNameContinue(_text[end]))
            end++;
        Take(end);
        return TokenKind.Name;
    }

    private void Take(int end)
    {
        Value = source.Substring(_next, end - _next);
        _next = end;
    }

    private TokenKind Number()
    {
        var kind = TokenKind.Integer;
        var at = _next;
        if (Peek(at) == '-')
            at++;
        if (Peek(at) == '0')
        {
            at++;
            if (char.IsAsciiDigit(Peek(at)))
                throw Error("A number does not begin with a zero and another digit.", at);
        }
        else
        {
            at = Digits(at);
        }

        if (Peek(at) == '.')
        {
            kind = TokenKind.Float;
            at = Digits(at + 1);
        }

        if (Peek(at) is 'e' or 'E')
        {
            kind = TokenKind.Float;
            at++;
            if (Peek(at) is '+' or '-')
                at++;
            at = Digits(at);
        }

        if (Peek(at) == '.' || IsNameStart(Peek(at)))
            throw Error("A number ends before a point or a letter.", at);
        Take(at);
        return kind;
    }

    private readonly char Peek(int at) => at < _text.Length ? _text[at] : '\0';

    private readonly int Digits(int at)
    {
        if (!char.IsAsciiDigit(Peek(at)))
            throw Error($"Expected a digit, found {Describe(at)}.", at);
        while (char.IsAsciiDigit(Peek(at)))
            at++;
        return at;
    }

    private TokenKind String()
    {
        var at = _next + 1;
        var copied = at;
        StringBuilder? unescaped = null;
        while (at < _text.Length && _text[at] is not ('\n' or '\r'))
        {
            var c = _text[at];
            if (c == '"')
            {
                var rest = _text[copied..at];
                Value = unescaped is null ? rest.ToString() : unescaped.Append(rest).ToString();
                _next = at + 1;
                return TokenKind.String;
            }

            if (c == '\\')
            {
                unescaped ??= new();
                unescaped.Append(_text[copied..at]);
                at = Escape(at, unescaped);
                copied = at;
            }
            else
            {
                at += char.IsSurrogate(c) ? ScalarLength(at) : 1;
            }
        }

        throw Error("The string has no end on its line.", at);
    }

    private readonly int Escape(int at, StringBuilder into)
    {
        var c = Peek(at + 1);
        if (c == 'u')
            return Peek(at + 2) == '{' ? BracedEscape(at, into) : FixedEscape(at, into);
        into.Append(c switch
        {
            '"' or '\\' or '/' => c,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw Error("A backslash begins one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX \\u{X}.", at),
        });
        return at + 2;
    }

    private readonly int BracedEscape(int at, StringBuilder into)
    {
        var length = _text[(at + 3)..].IndexOf('}');
        if (length is < 1 or > 8
            || !int.TryParse(_text.Slice(at + 3, length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.IsValid(code))
            throw Error("\\u{…} holds the hexadecimal number of a Unicode scalar value.", at);
        into.Append(new Rune(code));
        return at + 3 + length + 1;
    }

    private readonly int FixedEscape(int at, StringBuilder into)
    {
        if (Hex4(at + 2) is var code && code >= 0)
        {
            if (Rune.IsValid(code))
            {
                into.Append((char)code);
                return at + 6;
            }

            if (char.IsHighSurrogate((char)code) && Peek(at + 6) == '\\' && Peek(at + 7) == 'u'
                && Hex4(at + 8) is var low && low >= 0 && char.IsLowSurrogate((char)low))
            {
                into.Append((char)code).Append((char)low);
                return at + 12;
            }
        }

        throw Error("\\u is followed by four hexadecimal digits, and a high surrogate by a low one.", at);
    }

    private readonly int Hex4(int at) =>
        at + 4 <= _text.Length && int.TryParse(_text.Slice(at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code) ? code : -1;

    private TokenKind BlockString()
    {
        var at = _next + 3;
        var copied = at;
        var raw = new StringBuilder();
        while (at < _text.Length)
        {
            var c = _text[at];
            if (c == '"' && _text[at..].StartsWith("\"\"\""))
            {
                Value = Language.BlockString.Dedent(raw.Append(_text[copied..at]).ToString());
                _next = at + 3;
                return TokenKind.BlockString;
            }

            if (c == '\\' && _text[at..].StartsWith("\\\"\"\""))
            {
                raw.Append(_text[copied..at]).Append("\"\"\"");
                at += 4;
                copied = at;
            }
            else
            {
                at += char.IsSurrogate(c) ? ScalarLength(at) : 1;
            }
        }

        throw Error("The block string has no end.", at);
    }

    private readonly SyntaxException Unexpected(int at) => Error($"Unexpected character: {Describe(at)}.", at);

    private readonly string Describe(int at) => at >= _text.Length
        ? "the end"
        : _text[at] is > ' ' and < '\x7f' ? $"'{_text[at]}'" : $"U+{(int)_text[at]:X4}";

    private readonly SyntaxException Error(string message, int at) => new(message, source, at);
}
