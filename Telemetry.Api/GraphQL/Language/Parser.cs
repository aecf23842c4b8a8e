namespace Telemetry.Api.GraphQL.Language;

/// <summary>Reads GraphQL by recursive descent, no deeper than told. Source: GraphQL, September 2025, appendix B.</summary>
internal ref partial struct Parser
{
    private readonly ParserOptions _options;
    private Lexer _lexer;
    private int _selectionDepth;
    private int _valueDepth;
    private int _typeDepth;
    private int _fields;

    private Parser(string source, ParserOptions options)
    {
        _options = options;
        _lexer = new Lexer(source, options.MaxAllowedTokens);
        _lexer.MoveNext();
    }

    private delegate T ItemParser<T>(ref Parser parser);

    /// <summary>A document of at least one definition.</summary>
    /// <exception cref="SyntaxException">It does not follow the grammar, or is larger or deeper than the options allow.</exception>
    public static DocumentNode ParseDocument(string source, ParserOptions? options = null)
    {
        var parser = new Parser(source, options ?? ParserOptions.Default);
        var definitions = new List<SyntaxNode>();
        do
            definitions.Add(parser.Definition());
        while (parser._lexer.Kind != TokenKind.EndOfFile);
        return new(source, definitions);
    }

    /// <summary>A literal on its own, without variables.</summary>
    /// <exception cref="SyntaxException">The text is no literal.</exception>
    public static ValueNode ParseValue(string source, ParserOptions? options = null)
    {
        var parser = new Parser(source, options ?? ParserOptions.Default);
        var value = parser.Value(isConstant: true);
        parser.Expect(TokenKind.EndOfFile);
        return value;
    }

    /// <summary>A reference to a type on its own, such as <c>[Int!]!</c>.</summary>
    /// <exception cref="SyntaxException">The text is no type.</exception>
    public static TypeNode ParseType(string source, ParserOptions? options = null)
    {
        var parser = new Parser(source, options ?? ParserOptions.Default);
        var type = parser.Type();
        parser.Expect(TokenKind.EndOfFile);
        return type;
    }

    private SyntaxNode Definition()
    {
        if (_lexer.Kind == TokenKind.LeftBrace)
            return Operation(_lexer.Start, null);
        var start = _lexer.Start;
        var description = Description();
        return _lexer.Kind != TokenKind.Name ? throw Unexpected() : _lexer.Value switch
        {
            "query" or "mutation" or "subscription" => Operation(start, description),
            "fragment" => Fragment(start, description),
            "extend" when description is not null => throw Error("An extension has no description.", start),
            "extend" => Extension(start),
            _ => TypeSystemDefinition(start, description, isExtension: false) ?? throw Unexpected(),
        };
    }

    private StringValueNode? Description() =>
        _lexer.Kind is TokenKind.String or TokenKind.BlockString ? StringValue() : null;

    private TypeNode Type()
    {
        Deeper(ref _typeDepth, "types");
        var start = _lexer.Start;
        TypeNode type;
        if (Skip(TokenKind.LeftBracket))
        {
            var inner = Type();
            Expect(TokenKind.RightBracket);
            type = new ListTypeNode(start, inner);
        }
        else
        {
            type = NamedType();
        }

        _typeDepth--;
        return Skip(TokenKind.Bang) ? new NonNullTypeNode(start, type) : type;
    }

    private NamedTypeNode NamedType() => new(Name());

    private NameNode Name()
    {
        if (_lexer.Kind != TokenKind.Name)
            throw Expected("a name");
        var name = new NameNode(_lexer.Value!, _lexer.Start);
        _lexer.MoveNext();
        return name;
    }

    private void Deeper(ref int depth, string what)
    {
        if (++depth > _options.MaxAllowedDepth)
            throw new SyntaxException($"The document nests {what} deeper than {_options.MaxAllowedDepth}.", _lexer.Source, _lexer.Start, SyntaxException.LimitCode);
    }

    private bool Skip(TokenKind kind)
    {
        if (_lexer.Kind != kind)
            return false;
        _lexer.MoveNext();
        return true;
    }

    private bool SkipKeyword(string keyword)
    {
        if (!_lexer.IsName(keyword))
            return false;
        _lexer.MoveNext();
        return true;
    }

    private void Expect(TokenKind kind)
    {
        if (!Skip(kind))
            throw Expected(Describe(kind, null));
    }

    private void ExpectKeyword(string keyword)
    {
        if (!SkipKeyword(keyword))
            throw Expected($"\"{keyword}\"");
    }

    /// <summary>At least one item between two tokens.</summary>
    private List<T> Many<T>(TokenKind open, ItemParser<T> item, TokenKind close)
    {
        Expect(open);
        var items = new List<T>();
        do
            items.Add(item(ref this));
        while (!Skip(close));
        return items;
    }

    private T[] OptionalMany<T>(TokenKind open, ItemParser<T> item, TokenKind close) =>
        _lexer.Kind == open ? [.. Many(open, item, close)] : [];

    /// <summary>Items with a separator between them, and perhaps one before the first.</summary>
    private List<T> Delimited<T>(TokenKind separator, ItemParser<T> item)
    {
        Skip(separator);
        var items = new List<T>();
        do
            items.Add(item(ref this));
        while (Skip(separator));
        return items;
    }

    private readonly SyntaxException Unexpected() => Error($"Unexpected {Describe(_lexer.Kind, _lexer.Value)}.", _lexer.Start);

    private readonly SyntaxException Expected(string what) =>
        Error($"Expected {what}, found {Describe(_lexer.Kind, _lexer.Value)}.", _lexer.Start);

    private readonly SyntaxException Error(string message, int at) => new(message, _lexer.Source, at);

    private static string Describe(TokenKind kind, string? value) => kind switch
    {
        TokenKind.EndOfFile => "the end of the document",
        TokenKind.Name => $"the name \"{Shorten(value)}\"",
        TokenKind.Integer => $"the integer {Shorten(value)}",
        TokenKind.Float => $"the number {Shorten(value)}",
        TokenKind.String or TokenKind.BlockString => "a string",
        TokenKind.Bang => "\"!\"",
        TokenKind.Dollar => "\"$\"",
        TokenKind.Ampersand => "\"&\"",
        TokenKind.LeftParenthesis => "\"(\"",
        TokenKind.RightParenthesis => "\")\"",
        TokenKind.Spread => "\"...\"",
        TokenKind.Colon => "\":\"",
        TokenKind.Equal => "\"=\"",
        TokenKind.At => "\"@\"",
        TokenKind.LeftBracket => "\"[\"",
        TokenKind.RightBracket => "\"]\"",
        TokenKind.LeftBrace => "\"{\"",
        TokenKind.Pipe => "\"|\"",
        _ => "\"}\"",
    };

    private static string? Shorten(string? value) => value is { Length: > 50 } ? value[..50] + "…" : value;
}
