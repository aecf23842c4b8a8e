using System.Globalization;

namespace Telemetry.Ingest.Pipelines;

/// <summary>An expression cannot be read, or has no value for a sample.</summary>
internal sealed class ExpressionException(string reason) : Exception(reason);

/// <summary>A calculation that a pipeline file asks for, in the small part of Python that such files use.</summary>
/// <remarks>
/// <code>
/// choice     := or ('if' or 'else' choice)?
/// or         := and ('or' and)*          and := not ('and' not)*          not := 'not' not | comparison
/// comparison := sum (('&lt;' | '&lt;=' | '>' | '>=' | '==' | '!=') sum)?
/// sum        := product (('+' | '-') product)*
/// product    := sign (('*' | '/' | '//' | '%') sign)*     sign := ('-' | '+') sign | power     power := atom ('**' sign)?
/// atom       := number | 'text' | name ('.' name)* | $(meter) ('.' name)* | function '(' choice, … ')' | '(' choice ')'
/// </code>
/// All numbers are doubles. The functions are abs, min, max, round, int, float and pow. Input is walked, never compiled or handed
/// to anything that could do more than calculate.
/// </remarks>
internal sealed class Expression
{
    public const int MaxLength = 1_000;

    private readonly string _text;
    private readonly Func<Func<string, object?>, object?> _value;

    private Expression(string text, Func<Func<string, object?>, object?> value, IReadOnlyList<string> names) =>
        (_text, _value, Names) = (text, value, names);

    /// <summary>What the expression refers to, in the order of appearance: <c>volume</c>, <c>resource_metadata.x</c>, <c>$(meter).unit</c>.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <exception cref="ExpressionException">The text is no expression; the message says where.</exception>
    public static Expression Parse(string text)
    {
        if (text.Length > MaxLength)
            throw new ExpressionException($"An expression has at most {MaxLength} characters, not {text.Length}.");
        var parser = new ExpressionParser(text);
        return new(text, parser.Parse(), parser.Names);
    }

    /// <summary>The value as a finite number.</summary>
    /// <param name="resolve">Gives a name's value: a double, text, bool or null.</param>
    /// <exception cref="ExpressionException">There is no such number: a division by zero, a text or null where a number is needed.</exception>
    public double Number(Func<string, object?> resolve)
    {
        var value = _value(resolve);
        var number = value is string text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var parsed)
            ? parsed
            : ExpressionValues.Number(value);
        return double.IsFinite(number) ? number : throw new ExpressionException($"'{_text}' gives {number.ToString(CultureInfo.InvariantCulture)}, which is no finite number.");
    }

    public override string ToString() => _text;
}

/// <summary>What Python does with numbers, texts, truth and None.</summary>
internal static class ExpressionValues
{
    public static double Number(object? value) => value switch
    {
        double number => number,
        bool truth => truth ? 1 : 0,
        string text => throw new ExpressionException($"'{text}' is no number."),
        _ => throw new ExpressionException("A value that is needed is missing."),
    };

    public static bool IsTrue(object? value) => value switch
    {
        bool truth => truth,
        double number => number != 0,
        string text => text.Length > 0,
        _ => false,
    };

    public static object? Compute(string @operator, object? a, object? b)
    {
        if (@operator is "==" or "!=")
            return Same(a, b) == (@operator == "==");
        if (a is string s && b is string t && (@operator is "+" or "<" or "<=" or ">" or ">="))
            return OfText(@operator, s, t);
        var (x, y) = (Number(a), Number(b));
        return @operator switch
        {
            "+" => x + y,
            "-" => x - y,
            "*" => x * y,
            "/" => x / NotZero(y),
            "//" => Math.Floor(x / NotZero(y)),
            "%" => x - Math.Floor(x / NotZero(y)) * y,
            "**" => Math.Pow(x, y),
            "<" => x < y,
            "<=" => x <= y,
            ">" => x > y,
            _ => (object)(x >= y),
        };
    }

    private static object OfText(string @operator, string a, string b) => @operator switch
    {
        "+" => a + b,
        "<" => string.CompareOrdinal(a, b) < 0,
        "<=" => string.CompareOrdinal(a, b) <= 0,
        ">" => string.CompareOrdinal(a, b) > 0,
        _ => string.CompareOrdinal(a, b) >= 0,
    };

    private static bool Same(object? a, object? b) =>
        a is null || b is null || a is string || b is string ? Equals(a, b) : Number(a) == Number(b);

    private static double NotZero(double divisor) => divisor != 0 ? divisor : throw new ExpressionException("It divides by zero.");
}
