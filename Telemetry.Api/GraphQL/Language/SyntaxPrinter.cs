using System.Text;

namespace Telemetry.Api.GraphQL.Language;

/// <summary>Writes a syntax tree as GraphQL: two spaces of indentation, one field a line, arguments on one line.</summary>
internal sealed class SyntaxPrinter
{
    private readonly StringBuilder _text = new();
    private int _indent;

    public static string Print(SyntaxNode node)
    {
        var printer = new SyntaxPrinter();
        printer.Write(node);
        return printer._text.ToString();
    }

    /// <summary>A text as a string literal in quotes.</summary>
    public static string PrintString(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\b' => "\\b",
                '\f' => "\\f",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                < ' ' or (>= '\x7f' and <= '\x9f') => $"\\u{(int)c:X4}",
                _ => c.ToString(),
            });
        }

        return text.Append('"').ToString();
    }

    private void Write(SyntaxNode node)
    {
        switch (node)
        {
            case DocumentNode n:
                Separated(n.Definitions, "\n\n");
                break;
            case OperationDefinitionNode n:
                WriteOperation(n);
                break;
            case FragmentDefinitionNode n:
                WriteDescription(n.Description);
                _text.Append($"fragment {n.Name} on {n.TypeCondition.Name}");
                WriteDirectives(n.Directives);
                _text.Append(' ');
                Write(n.SelectionSet);
                break;
            case VariableDefinitionNode n:
                WriteInline(n.Description);
                Write(n.Variable);
                _text.Append(": ");
                Write(n.Type);
                WriteDefault(n.DefaultValue);
                WriteDirectives(n.Directives);
                break;
            case SelectionSetNode n:
                Block(n.Selections);
                break;
            case FieldNode n:
                _text.Append(n.Alias is { } alias ? $"{alias}: {n.Name}" : n.Name.Value);
                WriteArguments(n.Arguments);
                WriteDirectives(n.Directives);
                WriteSelections(n.SelectionSet);
                break;
            case FragmentSpreadNode n:
                _text.Append($"...{n.Name}");
                WriteDirectives(n.Directives);
                break;
            case InlineFragmentNode n:
                _text.Append(n.TypeCondition is null ? "..." : $"... on {n.TypeCondition.Name}");
                WriteDirectives(n.Directives);
                WriteSelections(n.SelectionSet);
                break;
            case ArgumentNode n:
                _text.Append($"{n.Name}: ");
                Write(n.Value);
                break;
            case DirectiveNode n:
                _text.Append($"@{n.Name}");
                WriteArguments(n.Arguments);
                break;
            case ValueNode n:
                WriteValue(n);
                break;
            case ObjectFieldNode n:
                _text.Append($"{n.Name}: ");
                Write(n.Value);
                break;
            case NamedTypeNode n:
                _text.Append(n.Name.Value);
                break;
            case ListTypeNode n:
                _text.Append('[');
                Write(n.Type);
                _text.Append(']');
                break;
            case NonNullTypeNode n:
                Write(n.Type);
                _text.Append('!');
                break;
            case OperationTypeDefinitionNode n:
                _text.Append($"{Keyword(n.Operation)}: {n.Type.Name}");
                break;
            case TypeSystemNode n:
                WriteDescription(n.Description);
                _text.Append(n.IsExtension ? "extend " : "");
                WriteTypeSystem(n);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(node), node.Kind, "Not a node that can be printed.");
        }
    }

    private void WriteOperation(OperationDefinitionNode node)
    {
        WriteDescription(node.Description);
        var isShorthand = node is { Operation: OperationType.Query, Name: null, Description: null, VariableDefinitions.Count: 0, Directives.Count: 0 };
        if (!isShorthand)
        {
            _text.Append(Keyword(node.Operation)).Append(node.Name is { } name ? $" {name}" : "");
            if (node.VariableDefinitions.Count > 0)
                Parenthesised(node.VariableDefinitions);
            WriteDirectives(node.Directives);
            _text.Append(' ');
        }

        Write(node.SelectionSet);
    }

    private void WriteValue(ValueNode value)
    {
        switch (value)
        {
            case VariableNode v:
                _text.Append('$').Append(v.Name.Value);
                break;
            case IntValueNode v:
                _text.Append(v.Value);
                break;
            case FloatValueNode v:
                _text.Append(v.Value);
                break;
            case StringValueNode { Block: true } v when BlockString.CanHold(v.Value):
                WriteIndented(BlockString.Print(v.Value));
                break;
            case StringValueNode v:
                _text.Append(PrintString(v.Value));
                break;
            case BooleanValueNode v:
                _text.Append(v.Value ? "true" : "false");
                break;
            case EnumValueNode v:
                _text.Append(v.Value);
                break;
            case ListValueNode v:
                _text.Append('[');
                Separated(v.Items, ", ");
                _text.Append(']');
                break;
            case ObjectValueNode v:
                _text.Append('{');
                Separated(v.Fields, ", ");
                _text.Append('}');
                break;
            default:
                _text.Append("null");
                break;
        }
    }

    private void WriteTypeSystem(TypeSystemNode node)
    {
        switch (node)
        {
            case SchemaDefinitionNode n:
                _text.Append("schema");
                WriteDirectives(n.Directives);
                WriteFields(n.OperationTypes);
                break;
            case ScalarTypeDefinitionNode n:
                _text.Append($"scalar {n.Name}");
                WriteDirectives(n.Directives);
                break;
            case ComplexTypeDefinitionNode n:
                _text.Append($"{(n.Kind == SyntaxKind.ObjectTypeDefinition ? "type" : "interface")} {n.Name}");
                if (n.Interfaces.Count > 0)
                {
                    _text.Append(" implements ");
                    Separated(n.Interfaces, " & ");
                }

                WriteDirectives(n.Directives);
                WriteFields(n.Fields);
                break;
            case FieldDefinitionNode n:
                _text.Append(n.Name.Value);
                if (n.Arguments.Count > 0)
                    Parenthesised(n.Arguments);
                _text.Append(": ");
                Write(n.Type);
                WriteDirectives(n.Directives);
                break;
            case InputValueDefinitionNode n:
                _text.Append($"{n.Name}: ");
                Write(n.Type);
                WriteDefault(n.DefaultValue);
                WriteDirectives(n.Directives);
                break;
            case UnionTypeDefinitionNode n:
                _text.Append($"union {n.Name}");
                WriteDirectives(n.Directives);
                _text.Append(n.Types.Count > 0 ? " = " : "");
                Separated(n.Types, " | ");
                break;
            case EnumTypeDefinitionNode n:
                _text.Append($"enum {n.Name}");
                WriteDirectives(n.Directives);
                WriteFields(n.Values);
                break;
            case EnumValueDefinitionNode n:
                _text.Append(n.Name.Value);
                WriteDirectives(n.Directives);
                break;
            case InputObjectTypeDefinitionNode n:
                _text.Append($"input {n.Name}");
                WriteDirectives(n.Directives);
                WriteFields(n.Fields);
                break;
            case DirectiveDefinitionNode n:
                _text.Append($"directive @{n.Name}");
                if (n.Arguments.Count > 0)
                    Parenthesised(n.Arguments);
                _text.Append(n.IsRepeatable ? " repeatable on " : " on ").AppendJoin(" | ", n.Locations);
                break;
        }
    }

    private void WriteDescription(StringValueNode? description)
    {
        if (description is null)
            return;
        WriteValue(description);
        NewLine();
    }

    private void WriteInline(StringValueNode? description)
    {
        if (description is not null)
            _text.Append(PrintString(description.Value)).Append(' ');
    }

    private void WriteDefault(ValueNode? value)
    {
        if (value is null)
            return;
        _text.Append(" = ");
        Write(value);
    }

    private void WriteSelections(SelectionSetNode? selections)
    {
        if (selections is null)
            return;
        _text.Append(' ');
        Write(selections);
    }

    private void WriteFields(IReadOnlyList<SyntaxNode> fields)
    {
        if (fields.Count == 0)
            return;
        _text.Append(' ');
        Block(fields);
    }

    private void WriteArguments(IReadOnlyList<ArgumentNode> arguments)
    {
        if (arguments.Count > 0)
            Parenthesised(arguments);
    }

    private void WriteDirectives(IReadOnlyList<DirectiveNode> directives)
    {
        foreach (var directive in directives)
        {
            _text.Append(' ');
            Write(directive);
        }
    }

    private void Parenthesised(IReadOnlyList<SyntaxNode> items)
    {
        _text.Append('(');
        Separated(items, ", ");
        _text.Append(')');
    }

    private void Separated(IReadOnlyList<SyntaxNode> items, string separator)
    {
        for (var i = 0; i < items.Count; i++)
        {
            _text.Append(i > 0 ? separator : "");
            Write(items[i]);
        }
    }

    private void Block(IReadOnlyList<SyntaxNode> items)
    {
        _text.Append('{');
        _indent++;
        foreach (var item in items)
        {
            NewLine();
            Write(item);
        }

        _indent--;
        NewLine();
        _text.Append('}');
    }

    private void WriteIndented(string text) => _text.Append(text.Replace("\n", "\n" + new string(' ', _indent * 2), StringComparison.Ordinal));

    private void NewLine() => _text.Append('\n').Append(' ', _indent * 2);

    public static string Keyword(OperationType operation) => operation switch
    {
        OperationType.Query => "query",
        OperationType.Mutation => "mutation",
        _ => "subscription",
    };
}
