namespace Telemetry.Api.GraphQL.Language;

internal ref partial struct Parser
{
    private OperationDefinitionNode Operation(int start, StringValueNode? description)
    {
        if (_lexer.Kind == TokenKind.LeftBrace)
            return new(start, description, OperationType.Query, null, [], [], SelectionSet());
        var operation = OperationKeyword();
        NameNode? name = _lexer.Kind == TokenKind.Name ? Name() : null;
        var variables = OptionalMany(TokenKind.LeftParenthesis, static (ref Parser p) => p.VariableDefinition(), TokenKind.RightParenthesis);
        var directives = Directives(isConstant: false);
        return new(start, description, operation, name, variables, directives, SelectionSet());
    }

    private OperationType OperationKeyword()
    {
        var operation = _lexer.Kind != TokenKind.Name ? throw Expected("an operation") : _lexer.Value switch
        {
            "query" => OperationType.Query,
            "mutation" => OperationType.Mutation,
            "subscription" => OperationType.Subscription,
            _ => throw Unexpected(),
        };
        _lexer.MoveNext();
        return operation;
    }

    private VariableDefinitionNode VariableDefinition()
    {
        var start = _lexer.Start;
        var description = Description();
        var variable = Variable();
        Expect(TokenKind.Colon);
        var type = Type();
        var defaultValue = Skip(TokenKind.Equal) ? Value(isConstant: true) : null;
        return new(start, description, variable, type, defaultValue, Directives(isConstant: true));
    }

    private VariableNode Variable()
    {
        var start = _lexer.Start;
        Expect(TokenKind.Dollar);
        return new(start, Name());
    }

    private SelectionSetNode SelectionSet()
    {
        Deeper(ref _selectionDepth, "selections");
        var start = _lexer.Start;
        var selections = Many(TokenKind.LeftBrace, static (ref Parser p) => p.Selection(), TokenKind.RightBrace);
        _selectionDepth--;
        return new(start, selections);
    }

    private SelectionNode Selection() => _lexer.Kind == TokenKind.Spread ? FragmentSelection() : Field();

    private FieldNode Field()
    {
        var start = _lexer.Start;
        if (++_fields > _options.MaxAllowedFields)
            throw new SyntaxException($"The document has more than {_options.MaxAllowedFields} fields.", _lexer.Source, start, SyntaxException.LimitCode);
        NameNode? alias = null;
        var name = Name();
        if (Skip(TokenKind.Colon))
        {
            alias = name;
            name = Name();
        }

        var arguments = Arguments(isConstant: false);
        var directives = Directives(isConstant: false);
        return new(start, alias, name, arguments, directives, _lexer.Kind == TokenKind.LeftBrace ? SelectionSet() : null);
    }

    private ArgumentNode[] Arguments(bool isConstant) => isConstant
        ? OptionalMany(TokenKind.LeftParenthesis, static (ref Parser p) => p.Argument(true), TokenKind.RightParenthesis)
        : OptionalMany(TokenKind.LeftParenthesis, static (ref Parser p) => p.Argument(false), TokenKind.RightParenthesis);

    private ArgumentNode Argument(bool isConstant)
    {
        var name = Name();
        Expect(TokenKind.Colon);
        return new(name.Start, name, Value(isConstant));
    }

    private SelectionNode FragmentSelection()
    {
        var start = _lexer.Start;
        Expect(TokenKind.Spread);
        var hasCondition = SkipKeyword("on");
        if (!hasCondition && _lexer.Kind == TokenKind.Name)
            return new FragmentSpreadNode(start, Name(), Directives(isConstant: false));
        var condition = hasCondition ? NamedType() : null;
        var directives = Directives(isConstant: false);
        return new InlineFragmentNode(start, condition, directives, SelectionSet());
    }

    private FragmentDefinitionNode Fragment(int start, StringValueNode? description)
    {
        ExpectKeyword("fragment");
        if (_lexer.IsName("on"))
            throw Unexpected();
        var name = Name();
        ExpectKeyword("on");
        var condition = NamedType();
        var directives = Directives(isConstant: false);
        return new(start, description, name, condition, directives, SelectionSet());
    }

    private DirectiveNode[] Directives(bool isConstant)
    {
        if (_lexer.Kind != TokenKind.At)
            return [];
        var directives = new List<DirectiveNode>();
        while (_lexer.Kind == TokenKind.At)
        {
            var start = _lexer.Start;
            if (directives.Count == _options.MaxAllowedDirectives)
            {
                throw new SyntaxException(
                    $"More than {_options.MaxAllowedDirectives} directives stand at one location.", _lexer.Source, start, SyntaxException.LimitCode);
            }

            _lexer.MoveNext();
            directives.Add(new(start, Name(), Arguments(isConstant)));
        }

        return [.. directives];
    }

    private ValueNode Value(bool isConstant)
    {
        var start = _lexer.Start;
        switch (_lexer.Kind)
        {
            case TokenKind.Dollar when !isConstant:
                return Variable();
            case TokenKind.LeftBracket:
                return List(isConstant);
            case TokenKind.LeftBrace:
                return Object(isConstant);
            case TokenKind.String or TokenKind.BlockString:
                return StringValue();
            case TokenKind.Integer or TokenKind.Float or TokenKind.Name:
                var text = _lexer.Value!;
                var kind = _lexer.Kind;
                _lexer.MoveNext();
                return (kind, text) switch
                {
                    (TokenKind.Integer, _) => new IntValueNode(start, text),
                    (TokenKind.Float, _) => new FloatValueNode(start, text),
                    (_, "true") => new BooleanValueNode(start, true),
                    (_, "false") => new BooleanValueNode(start, false),
                    (_, "null") => new NullValueNode(start),
                    _ => new EnumValueNode(start, text),
                };
            default:
                throw Unexpected();
        }
    }

    private StringValueNode StringValue()
    {
        var node = new StringValueNode(_lexer.Start, _lexer.Value!, _lexer.Kind == TokenKind.BlockString);
        _lexer.MoveNext();
        return node;
    }

    private ListValueNode List(bool isConstant)
    {
        Deeper(ref _valueDepth, "values");
        var start = _lexer.Start;
        Expect(TokenKind.LeftBracket);
        var items = new List<ValueNode>();
        while (!Skip(TokenKind.RightBracket))
            items.Add(Value(isConstant));
        _valueDepth--;
        return new(start, items);
    }

    private ObjectValueNode Object(bool isConstant)
    {
        Deeper(ref _valueDepth, "values");
        var start = _lexer.Start;
        Expect(TokenKind.LeftBrace);
        var fields = new List<ObjectFieldNode>();
        while (!Skip(TokenKind.RightBrace))
        {
            var name = Name();
            Expect(TokenKind.Colon);
            fields.Add(new(name.Start, name, Value(isConstant)));
        }

        _valueDepth--;
        return new(start, fields);
    }
}
