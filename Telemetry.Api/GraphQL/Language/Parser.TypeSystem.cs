namespace Telemetry.Api.GraphQL.Language;

internal ref partial struct Parser
{
    private TypeSystemNode Extension(int start)
    {
        _lexer.MoveNext();
        if (_lexer.IsName("directive"))
            throw Unexpected();
        return TypeSystemDefinition(start, null, isExtension: true) ?? throw Unexpected();
    }

    /// <summary>Null where the next word begins no definition.</summary>
    private TypeSystemNode? TypeSystemDefinition(int start, StringValueNode? description, bool isExtension)
    {
        if (_lexer.Kind != TokenKind.Name)
            return null;
        TypeSystemNode? node;
        switch (_lexer.Value)
        {
            case "schema":
                node = SchemaDefinition(start, description, isExtension);
                break;
            case "scalar":
                _lexer.MoveNext();
                node = new ScalarTypeDefinitionNode(start, isExtension, description, Name(), Directives(isConstant: true));
                break;
            case "type":
                node = ComplexType(SyntaxKind.ObjectTypeDefinition, start, description, isExtension);
                break;
            case "interface":
                node = ComplexType(SyntaxKind.InterfaceTypeDefinition, start, description, isExtension);
                break;
            case "union":
                _lexer.MoveNext();
                node = new UnionTypeDefinitionNode(
                    start, isExtension, description, Name(), Directives(isConstant: true),
                    Skip(TokenKind.Equal) ? Delimited(TokenKind.Pipe, static (ref Parser p) => p.NamedType()) : []);
                break;
            case "enum":
                _lexer.MoveNext();
                node = new EnumTypeDefinitionNode(
                    start, isExtension, description, Name(), Directives(isConstant: true),
                    OptionalMany(TokenKind.LeftBrace, static (ref Parser p) => p.EnumValueDefinition(), TokenKind.RightBrace));
                break;
            case "input":
                _lexer.MoveNext();
                node = new InputObjectTypeDefinitionNode(
                    start, isExtension, description, Name(), Directives(isConstant: true),
                    OptionalMany(TokenKind.LeftBrace, static (ref Parser p) => p.InputValueDefinition(), TokenKind.RightBrace));
                break;
            case "directive":
                node = DirectiveDefinition(start, description);
                break;
            default:
                return null;
        }

        return isExtension && ExtendsNothing(node) ? throw Unexpected() : node;
    }

    private static bool ExtendsNothing(TypeSystemNode node) => node.Directives.Count == 0 && node switch
    {
        SchemaDefinitionNode n => n.OperationTypes.Count == 0,
        ComplexTypeDefinitionNode n => n.Fields.Count == 0 && n.Interfaces.Count == 0,
        UnionTypeDefinitionNode n => n.Types.Count == 0,
        EnumTypeDefinitionNode n => n.Values.Count == 0,
        InputObjectTypeDefinitionNode n => n.Fields.Count == 0,
        _ => true,
    };

    private SchemaDefinitionNode SchemaDefinition(int start, StringValueNode? description, bool isExtension)
    {
        _lexer.MoveNext();
        var directives = Directives(isConstant: true);
        ItemParser<OperationTypeDefinitionNode> item = static (ref Parser p) => p.OperationTypeDefinition();
        return new(start, isExtension, description, directives, isExtension && _lexer.Kind != TokenKind.LeftBrace
            ? []
            : Many(TokenKind.LeftBrace, item, TokenKind.RightBrace));
    }

    private OperationTypeDefinitionNode OperationTypeDefinition()
    {
        var start = _lexer.Start;
        var operation = OperationKeyword();
        Expect(TokenKind.Colon);
        return new(start, operation, NamedType());
    }

    private ComplexTypeDefinitionNode ComplexType(SyntaxKind kind, int start, StringValueNode? description, bool isExtension)
    {
        _lexer.MoveNext();
        var name = Name();
        IReadOnlyList<NamedTypeNode> interfaces =
            SkipKeyword("implements") ? Delimited(TokenKind.Ampersand, static (ref Parser p) => p.NamedType()) : [];
        var directives = Directives(isConstant: true);
        var fields = OptionalMany(TokenKind.LeftBrace, static (ref Parser p) => p.FieldDefinition(), TokenKind.RightBrace);
        return new(kind, start, isExtension, description, name, interfaces, directives, fields);
    }

    private FieldDefinitionNode FieldDefinition()
    {
        var start = _lexer.Start;
        var description = Description();
        var name = Name();
        var arguments = ArgumentDefinitions();
        Expect(TokenKind.Colon);
        return new(start, description, name, arguments, Type(), Directives(isConstant: true));
    }

    private InputValueDefinitionNode[] ArgumentDefinitions() =>
        OptionalMany(TokenKind.LeftParenthesis, static (ref Parser p) => p.InputValueDefinition(), TokenKind.RightParenthesis);

    private InputValueDefinitionNode InputValueDefinition()
    {
        var start = _lexer.Start;
        var description = Description();
        var name = Name();
        Expect(TokenKind.Colon);
        var type = Type();
        var defaultValue = Skip(TokenKind.Equal) ? Value(isConstant: true) : null;
        return new(start, description, name, type, defaultValue, Directives(isConstant: true));
    }

    private EnumValueDefinitionNode EnumValueDefinition()
    {
        var start = _lexer.Start;
        var description = Description();
        if (_lexer.Kind == TokenKind.Name && _lexer.Value is "true" or "false" or "null")
            throw Error($"\"{_lexer.Value}\" is reserved and cannot name an enum value.", _lexer.Start);
        return new(start, description, Name(), Directives(isConstant: true));
    }

    private DirectiveDefinitionNode DirectiveDefinition(int start, StringValueNode? description)
    {
        _lexer.MoveNext();
        Expect(TokenKind.At);
        var name = Name();
        var arguments = ArgumentDefinitions();
        var isRepeatable = SkipKeyword("repeatable");
        ExpectKeyword("on");
        var locations = Delimited(TokenKind.Pipe, static (ref Parser p) => p.DirectiveLocation());
        return new(start, description, name, arguments, isRepeatable, locations);
    }

    private NameNode DirectiveLocation()
    {
        var isKnown = _lexer.Kind == TokenKind.Name && DirectiveLocations.IsKnown(_lexer.Value!);
        return isKnown ? Name() : throw Unexpected();
    }
}
