using System.Text;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types.Introspection;
using Telemetry.Api.GraphQL.Types.Scalars;

namespace Telemetry.Api.GraphQL.Types;

/// <summary>Writes a schema as SDL: directives, then types, in the schema's order, laid out as graphql-js lays them out.</summary>
internal sealed class SchemaPrinter
{
    private readonly StringBuilder _text = new();

    public static string Print(Schema schema)
    {
        var printer = new SchemaPrinter();
        printer.PrintSchema(schema);
        foreach (var directive in schema.Directives.Where(d => !d.IsSpecified))
            printer.PrintDirective(directive);
        foreach (var type in schema.Types.Where(t => !IsSpecified(t)))
            printer.PrintType(type);
        return printer._text.ToString();
    }

    private static bool IsSpecified(NamedType type) =>
        type is IntType or FloatType or StringType or BooleanType or IdType || IntrospectionTypes.IsIntrospection(type);

    private void PrintSchema(Schema schema)
    {
        (string Name, ObjectType? Type)[] roots =
            [("Query", schema.QueryType), ("Mutation", schema.MutationType), ("Subscription", schema.SubscriptionType)];
        if (schema.Description is null && roots.All(r => r.Type is null ? schema.FindType(r.Name) is null : r.Type.Name == r.Name))
            return;
        Begin(schema.Description);
        _text.Append("schema {\n");
        foreach (var (name, type) in roots)
        {
            if (type is not null)
                _text.Append($"  {name.ToLowerInvariant()}: {type}\n");
        }

        _text.Append("}\n");
    }

    private void PrintDirective(DirectiveType directive)
    {
        Begin(directive.Description);
        _text.Append($"directive @{directive.Name}");
        PrintArguments(directive.Arguments, "");
        _text.Append(directive.IsRepeatable ? " repeatable on " : " on ")
            .AppendJoin(" | ", DirectiveLocations.All.Where(l => directive.Locations.HasFlag(l.Location)).Select(l => l.Name))
            .Append('\n');
    }

    private void PrintType(NamedType type)
    {
        Begin(type.Description);
        switch (type)
        {
            case ScalarType scalar:
                _text.Append($"scalar {type}");
                if (scalar.SpecifiedBy is { } url)
                    _text.Append($" @specifiedBy(url: {SyntaxPrinter.PrintString(url)})");
                _text.Append('\n');
                break;
            case ComplexType complex:
                _text.Append(type is ObjectType ? $"type {type}" : $"interface {type}");
                if (complex.Interfaces.Count > 0)
                    _text.Append(" implements ").AppendJoin(" & ", complex.Interfaces);
                PrintBlock(complex.Fields, f => f.Description, PrintField);
                break;
            case UnionType union:
                _text.Append($"union {type}").Append(union.Types.Count > 0 ? " = " : "").AppendJoin(" | ", union.Types).Append('\n');
                break;
            case EnumType @enum:
                _text.Append($"enum {type}");
                PrintBlock(@enum.Values, v => v.Description, v => _text.Append($"  {v.Name}{Deprecated(v.DeprecationReason)}\n"));
                break;
            case InputObjectType input:
                _text.Append($"input {type}{(input.IsOneOf ? " @oneOf" : "")}");
                PrintBlock(input.Fields, f => f.Description, f => _text.Append($"  {InputValue(f)}\n"));
                break;
        }
    }

    private void PrintField(OutputField field)
    {
        _text.Append($"  {field.Name}");
        PrintArguments(field.Arguments, "  ");
        _text.Append($": {field.Type}{Deprecated(field.DeprecationReason)}\n");
    }

    private void PrintArguments(NamedList<InputField> arguments, string indent)
    {
        if (arguments.Count == 0)
            return;
        if (arguments.All(a => string.IsNullOrEmpty(a.Description)))
        {
            _text.Append('(').AppendJoin(", ", arguments.Select(InputValue)).Append(')');
            return;
        }

        _text.Append("(\n");
        for (var i = 0; i < arguments.Count; i++)
        {
            PrintDescription(arguments[i].Description, indent + "  ", isFirst: i == 0);
            _text.Append($"{indent}  {InputValue(arguments[i])}\n");
        }

        _text.Append($"{indent})");
    }

    private void PrintBlock<T>(IReadOnlyList<T> items, Func<T, string?> description, Action<T> print)
    {
        if (items.Count == 0)
        {
            _text.Append('\n');
            return;
        }

        _text.Append(" {\n");
        for (var i = 0; i < items.Count; i++)
        {
            PrintDescription(description(items[i]), "  ", isFirst: i == 0);
            print(items[i]);
        }

        _text.Append("}\n");
    }

    private void Begin(string? description)
    {
        if (_text.Length > 0)
            _text.Append('\n');
        PrintDescription(description, "", isFirst: true);
    }

    private void PrintDescription(string? description, string indent, bool isFirst)
    {
        if (description is null)
            return;
        var literal = BlockString.CanHold(description) ? BlockString.Print(description) : SyntaxPrinter.PrintString(description);
        _text.Append(indent.Length > 0 && !isFirst ? "\n" : "")
            .Append(indent).Append(literal.Replace("\n", "\n" + indent, StringComparison.Ordinal)).Append('\n');
    }

    private static string InputValue(InputField field) =>
        $"{field.Name}: {field.Type}{(field.DefaultValue is { } value ? $" = {value}" : "")}{Deprecated(field.DeprecationReason)}";

    private static string Deprecated(string? reason) => reason switch
    {
        null => "",
        DirectiveType.DefaultDeprecationReason => " @deprecated",
        _ => $" @deprecated(reason: {SyntaxPrinter.PrintString(reason)})",
    };
}
