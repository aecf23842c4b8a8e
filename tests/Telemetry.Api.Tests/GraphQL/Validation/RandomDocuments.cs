using System.Text;
using Telemetry.Api.GraphQL.Language;
using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.Tests.GraphQL.Validation;

/// <summary>Documents made from a schema, about half of them wrong in one place or several.</summary>
internal sealed class RandomDocuments(Schema schema, int seed)
{
    private readonly Random _random = new(seed);
    private readonly StringBuilder _text = new();
    private readonly List<(string Name, GraphQLType Type)> _variables = [];
    private readonly List<string> _fragments = [];
    private double _mistakes;
    private bool _hasConditions;

    public string Next()
    {
        _text.Clear();
        _fragments.Clear();
        // graphql-js evaluates conditions at the root of a subscription while it validates, and may throw.
        _hasConditions = Chance(0.8);
        _mistakes = Chance(0.5) ? 0 : 0.002 + (_random.NextDouble() * 0.04);
        var fragments = _random.Next(0, 4);
        for (var i = 0; i < fragments; i++)
            _fragments.Add($"F{i}");
        var operations = Chance(0.8) ? 1 : 2;
        var body = new StringBuilder();
        for (var i = 0; i < operations; i++)
            body.Append(Operation(i, operations)).Append('\n');
        foreach (var fragment in _fragments)
            body.Append(Fragment(fragment)).Append('\n');
        if (Mistake())
            body.Append(Fragment("F0")).Append('\n');
        return body.ToString();
    }

    private string Operation(int index, int count)
    {
        _variables.Clear();
        var operation = Chance(0.8) ? OperationType.Query : _hasConditions || Chance(0.3) ? OperationType.Mutation : OperationType.Subscription;
        var root = schema.RootType(operation)!;
        _text.Clear();
        Selections(root, 3, operation == OperationType.Subscription ? 1 : 3);
        var selections = _text.ToString();
        var header = new StringBuilder(SyntaxPrinter.Keyword(operation));
        if (count > 1 ? !Mistake() : Chance(0.5))
            header.Append($" O{(Mistake() ? 0 : index)}");
        var defined = _variables.Where(_ => !Mistake()).ToList();
        if (Mistake())
            defined.Add(("unused", schema.FindType("Int")!));
        if (defined.Count > 0)
        {
            header.Append('(');
            foreach (var (name, type) in defined)
            {
                _text.Clear();
                header.Append($"${name}: {type}");
                if (!type.IsNonNull && Chance(0.15))
                {
                    Value(type, 2, allowVariables: false);
                    header.Append($" = {_text}");
                }

                header.Append(Chance(0.03) ? " @tag(name: \"v\")" : "").Append(' ');
            }

            header.Append(')');
        }

        return $"{header}{(Chance(0.05) ? " @once" : "")} {selections}";
    }

    private string Fragment(string name)
    {
        _text.Clear();
        _variables.Clear();
        var types = schema.Types.Where(t => t.IsComposite && !t.Name.StartsWith("__", StringComparison.Ordinal)).ToList();
        var type = types[_random.Next(types.Count)];
        Selections(type, 2, 3);
        // Variables of a fragment are its operations': most are not defined there, which is a mistake of its own.
        return $"fragment {name} on {(Mistake() ? "Unknown" : Mistake() ? "Style" : type.Name)} {_text}";
    }

    private void Selections(NamedType type, int depth, int width)
    {
        _text.Append("{ ");
        var count = 1 + _random.Next(width);
        for (var i = 0; i < count; i++)
            Selection(type, depth);
        _text.Append('}');
    }

    private void Selection(NamedType type, int depth)
    {
        if (Chance(0.06) && _fragments.Count > 0)
        {
            _text.Append($"...{(Mistake() ? "Missing" : _fragments[_random.Next(_fragments.Count)])} ");
            Directives();
        }
        else if ((Chance(0.1) || type is UnionType) && depth > 0)
        {
            var possible = schema.Types.Where(t => t.IsComposite && schema.PossibleTypes(t).Overlaps(schema.PossibleTypes(type))).ToList();
            if (possible.Count == 0)
            {
                _text.Append("__typename ");
                return;
            }

            var on = Mistake() ? schema.FindType("Mutation")! : possible[_random.Next(possible.Count)];
            _text.Append("... ");
            if (Chance(0.8) || type is UnionType)
                _text.Append($"on {on} ");
            else
                on = type;
            Directives();
            Selections(on, depth - 1, 2);
            _text.Append(' ');
        }
        else
        {
            Field(type, depth);
        }
    }

    private void Field(NamedType type, int depth)
    {
        var fields = (type as ComplexType)?.Fields.Where(f => depth > 0 || f.Type.Named.IsLeaf).ToList() ?? [];
        if (fields.Count == 0 || Chance(0.05))
        {
            _text.Append("__typename ");
            return;
        }

        var field = fields[_random.Next(fields.Count)];
        if (Chance(0.5))
            _text.Append($"{(char)('a' + _random.Next(12))}: ");
        _text.Append(Mistake() ? "unknown" : field.Name);
        Arguments(field.Arguments);
        _text.Append(' ');
        Directives();
        if (field.Type.Named.IsComposite != Mistake())
            Selections(field.Type.Named, depth - 1, 3);
        _text.Append(' ');
    }

    private void Arguments(NamedList<InputField> arguments)
    {
        var given = arguments.Where(a => a.IsRequired ? !Mistake() : Chance(0.4)).ToList();
        if (Mistake())
            given.AddRange(arguments.Take(1));
        var unknown = Mistake();
        if (given.Count == 0 && !unknown)
            return;
        _text.Append('(');
        foreach (var argument in given)
        {
            _text.Append($"{argument.Name}: ");
            Value(argument.Type, 3, allowVariables: true);
            _text.Append(' ');
        }

        _text.Append(unknown ? "nothing: 1)" : ")");
    }

    private void Directives()
    {
        if (_hasConditions && Chance(0.05))
        {
            _text.Append(Chance(0.5) ? "@include(if: " : "@skip(if: ");
            Value(new NonNullType(schema.FindType("Boolean")!), 1, allowVariables: false);
            _text.Append(") ");
        }

        if (Chance(0.03))
            _text.Append("@tag(name: \"x\") ");
        if (Mistake())
            _text.Append("@once @once ");
        if (Mistake())
            _text.Append("@unknown(a: 1) ");
    }

    private void Value(GraphQLType type, int depth, bool allowVariables)
    {
        if (allowVariables && Chance(0.15))
        {
            var name = $"v{_variables.Count}";
            if (Chance(0.3) && _variables.Count > 0)
                name = _variables[_random.Next(_variables.Count)].Name;
            else
                _variables.Add((name, Mistake() ? type.Nullable() : type));
            _text.Append($"${name}");
            return;
        }

        if (Mistake())
        {
            string[] wrong = ["null", "1", "1.5", "\"text\"", "true", "WRONG", "[1]", "{a: 1}", "12345678901", "[[[\"\"]]]", "{}", "[]"];
            _text.Append(wrong[_random.Next(wrong.Length)]);
            return;
        }

        switch (type)
        {
            case NonNullType n:
                Value(n.OfType, depth, allowVariables: false);
                break;
            case var _ when Chance(0.05):
                _text.Append("null");
                break;
            case ListType l when Chance(0.8):
                _text.Append('[');
                for (var i = depth > 0 ? _random.Next(3) : 0; i > 0; i--)
                {
                    Value(l.OfType, depth - 1, allowVariables);
                    _text.Append(' ');
                }

                _text.Append(']');
                break;
            case ListType l:
                Value(l.OfType, depth, allowVariables: false);
                break;
            case EnumType e:
                _text.Append(e.Values[_random.Next(e.Values.Count)].Name);
                break;
            case InputObjectType o:
                InputObject(o, depth, allowVariables);
                break;
            default:
                Scalar(type.Named.Name);
                break;
        }
    }

    private void InputObject(InputObjectType type, int depth, bool allowVariables)
    {
        _text.Append('{');
        var fields = type.IsOneOf && !Mistake()
            ? [type.Fields[_random.Next(depth > 0 ? type.Fields.Count : 2)]]
            : type.Fields.Where(f => f.IsRequired ? !Mistake() : depth > 0 && Chance(0.3)).ToList();
        foreach (var field in fields)
        {
            _text.Append($"{(Mistake() ? "unknown" : field.Name)}: ");
            if (type.IsOneOf && !Mistake())
                Value(field.Type is InputObjectType ? field.Type : new NonNullType(field.Type), depth - 1, allowVariables: false);
            else
                Value(field.Type, depth - 1, allowVariables);
            _text.Append(' ');
        }

        _text.Append('}');
    }

    private void Scalar(string name) => _text.Append(name switch
    {
        "Int" => Chance(0.9) ? "42" : "-7",
        "Float" => Chance(0.5) ? "1.5e3" : "7",
        "ID" => Chance(0.5) ? "\"id\"" : "17",
        "Boolean" => Chance(0.5) ? "true" : "false",
        "String" => Chance(0.8) ? "\"text \\u{1F600}\"" : "\"\"\"block\"\"\"",
        _ => Chance(0.5) ? "{a: [1, \"x\", E]}" : "3",
    });

    private bool Chance(double p) => _random.NextDouble() < p;

    private bool Mistake() => _random.NextDouble() < _mistakes;
}
