using System.Globalization;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>The value of a rule's condition, turned into the type that the condition names.</summary>
internal static class ConditionValue
{
    /// <summary>What a condition's type may be, as the API lists it.</summary>
    public const string TypeList = "['integer', 'float', 'string', 'boolean', 'datetime']";

    public static bool IsType(string type) => type is "integer" or "float" or "string" or "boolean" or "datetime";

    /// <summary>Null where the text cannot be read so.</summary>
    /// <param name="type">Null or empty: guessed as a literal of Python, so that <c>1</c> is a number and <c>'1'</c> a text.</param>
    public static QueryValue? Convert(string text, string? type) => type switch
    {
        null or "" => Guess(text),
        "string" => QueryValue.Of(text),
        "integer" => Integer(text),
        "float" => double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? QueryValue.Of(number) : null,
        "boolean" => AlarmArguments.Boolean(text) is { } value ? QueryValue.Of(value) : null,
        "datetime" => Instant(text),
        _ => null,
    };

    /// <summary>An ISO 8601 instant; without a zone it is UTC.</summary>
    public static QueryValue? Instant(string text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? QueryValue.Instant(UnixMicroseconds.From(at)) : null;

    public static QueryValue? Integer(string text) =>
        long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? QueryValue.Of(number) : null;

    private static QueryValue Guess(string text)
    {
        if (Integer(text) is { } integer)
            return integer;
        if (double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent, CultureInfo.InvariantCulture, out var number))
            return QueryValue.Of(number);
        return text switch
        {
            "True" => QueryValue.Of(true),
            "False" => QueryValue.Of(false),
            "None" => QueryValue.Null,
            ['\'', .. var quoted, '\''] when !quoted.Contains('\'') => QueryValue.Of(quoted),
            ['"', .. var quoted, '"'] when !quoted.Contains('"') => QueryValue.Of(quoted),
            _ => QueryValue.Of(text),
        };
    }
}
