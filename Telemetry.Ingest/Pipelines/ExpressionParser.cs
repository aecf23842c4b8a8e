using System.Globalization;
using System.Text.RegularExpressions;
using Value = System.Func<System.Func<string, object?>, object?>;

namespace Telemetry.Ingest.Pipelines;

/// <summary>Reads expressions by recursive descent; the grammar is <see cref="Expression"/>'s.</summary>
internal sealed partial class ExpressionParser(string text)
{
    private const int MaxDepth = 30;

    private readonly List<string> _names = [];
    private int _at;
    private int _depth;

    public IReadOnlyList<string> Names => _names;

    public Value Parse()
    {
        var value = Choice();
        return Peek().Length == 0 ? value : throw Unexpected();
    }

    private Value Choice()
    {
        if (++_depth > MaxDepth)
            throw new ExpressionException($"'{text}' is nested deeper than {MaxDepth} levels.");
        var value = Or();
        if (Take("if"))
        {
            var condition = Or();
            if (!Take("else"))
                throw Unexpected();
            var (then, other) = (value, Choice());
            value = scope => ExpressionValues.IsTrue(condition(scope)) ? then(scope) : other(scope);
        }
        _depth--;
        return value;
    }

    private Value Or()
    {
        var value = And();
        while (Take("or"))
        {
            var (left, right) = (value, And());
            value = scope => left(scope) is var x && ExpressionValues.IsTrue(x) ? x : right(scope);
        }
        return value;
    }

    private Value And()
    {
        var value = Not();
        while (Take("and"))
        {
            var (left, right) = (value, Not());
            value = scope => left(scope) is var x && !ExpressionValues.IsTrue(x) ? x : right(scope);
        }
        return value;
    }

    private Value Not()
    {
        var negations = 0;
        while (Take("not"))
            negations++;
        var value = Comparison();
        return negations == 0 ? value : scope => ExpressionValues.IsTrue(value(scope)) == (negations % 2 == 0);
    }

    private Value Comparison()
    {
        var value = Chain(Product, "+", "-");
        return Peek() is "<" or "<=" or ">" or ">=" or "==" or "!=" ? Binary(value, Next(), Chain(Product, "+", "-")) : value;
    }

    private Value Product() => Chain(Sign, "*", "/", "//", "%");

    private Value Chain(Func<Value> operand, params string[] operators)
    {
        var value = operand();
        while (operators.Contains(Peek()))
            value = Binary(value, Next(), operand());
        return value;
    }

    private static Value Binary(Value left, string @operator, Value right) =>
        scope => ExpressionValues.Compute(@operator, left(scope), right(scope));

    private Value Sign()
    {
        var negative = false;
        while (Peek() is "-" or "+")
            negative ^= Next() == "-";
        var value = Atom();
        if (Take("**"))
        {
            if (++_depth > MaxDepth)
                throw new ExpressionException($"'{text}' is nested deeper than {MaxDepth} levels.");
            value = Binary(value, "**", Sign());
            _depth--;
        }
        return negative ? scope => -ExpressionValues.Number(value(scope)) : value;
    }

    private Value Atom()
    {
        var token = Next();
        if (token == "(")
        {
            var value = Choice();
            Expect(")");
            return value;
        }
        if (token.Length > 0 && (char.IsAsciiDigit(token[0]) || token[0] == '.'))
        {
            var number = double.Parse(token, CultureInfo.InvariantCulture);
            return _ => number;
        }
        if (token.Length > 0 && token[0] is '\'' or '"')
        {
            var constant = token[1..^1];
            return _ => constant;
        }
        if (token is "True" or "False" or "None")
        {
            object? constant = token == "None" ? null : token == "True";
            return _ => constant;
        }
        if (token.Length == 0 || !(char.IsLetter(token[0]) || token[0] is '_' or '$') || token is "if" or "else" or "or" or "and" or "not")
            throw Unexpected(token.Length);
        if (Peek() == "(")
            return Call(token);
        _names.Add(token);
        return scope => scope(token);
    }

    private Value Call(string function)
    {
        Expect("(");
        var arguments = new List<Value>();
        do
        {
            arguments.Add(Choice());
        }
        while (Take(","));
        Expect(")");
        double[] Numbers(Func<string, object?> scope) => [.. arguments.Select(a => ExpressionValues.Number(a(scope)))];
        return (function, arguments.Count) switch
        {
            ("abs", 1) => scope => Math.Abs(Numbers(scope)[0]),
            ("min", > 1) => scope => Numbers(scope).Min(),
            ("max", > 1) => scope => Numbers(scope).Max(),
            ("round", 1) => scope => Math.Round(Numbers(scope)[0], MidpointRounding.ToEven),
            ("int", 1) => scope => Math.Truncate(OfText(arguments[0](scope))),
            ("float", 1) => scope => OfText(arguments[0](scope)),
            ("pow", 2) => scope => Math.Pow(Numbers(scope)[0], Numbers(scope)[1]),
            _ => throw new ExpressionException($"'{text}' calls {function} with {arguments.Count} arguments; "
                + "there are abs(x), min(x, y, …), max(x, y, …), round(x), int(x), float(x) and pow(x, y)."),
        };
    }

    private static double OfText(object? value) => value is string s && double.TryParse(s, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
        ? number
        : ExpressionValues.Number(value);

    /// <summary>The next token, empty at the end.</summary>
    private string Peek()
    {
        if (Token().Match(text, _at) is { Success: true } match)
            return match.Groups[1].Value;
        return string.IsNullOrWhiteSpace(text[_at..]) ? "" : throw Unexpected();
    }

    private string Next()
    {
        var token = Peek();
        if (token.Length > 0)
            _at += Token().Match(text, _at).Length;
        return token;
    }

    private bool Take(string token)
    {
        if (Peek() != token)
            return false;
        Next();
        return true;
    }

    private void Expect(string token)
    {
        if (!Take(token))
            throw Unexpected();
    }

    private ExpressionException Unexpected(int back = 0)
    {
        var at = _at - back;
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
        return new(at < text.Length ? $"'{text}': '{text[at]}' is not expected at character {at + 1}." : $"'{text}' ends where more is expected.");
    }

    // Numbers; texts; names with dots, of which the first may be a meter; operators.
    [GeneratedRegex(@"\G\s*((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|'[^'\\]*'|""[^""\\]*""|(?:\$\([^()$]+\)|[A-Za-z_]\w*)(?:\.[A-Za-z_]\w*)*|\*\*|//|<=|>=|==|!=|[-+*/%()<>,])")]
    private static partial Regex Token();
}
