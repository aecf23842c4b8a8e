using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Api.V2.Calls;

/// <summary>Whole numbers as Python's <c>int()</c> reads them: of any size, with blanks around and a sign.</summary>
internal static class PythonInteger
{
    private const int MaxDigits = 400;

    /// <summary>Null where the text is no whole number, or an absurdly long one.</summary>
    public static BigInteger? Parse(string text)
    {
        var digits = text.AsSpan().Trim();
        return digits.Length <= MaxDigits && BigInteger.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : null;
    }

    /// <summary>The value of a parameter.</summary>
    /// <exception cref="ApiException">400: it is no whole number.</exception>
    public static BigInteger Demand(string name, string text) => Parse(text) ?? throw ApiException.InvalidInput(
        name, text, $"unable to convert to int. Error: invalid literal for int() with base 10: {PythonText.Quote(text)}");

    /// <summary>The value of a key in a JSON body; text is converted as a parameter is.</summary>
    /// <exception cref="ApiException">400: it is no whole number.</exception>
    public static BigInteger Demand(string name, JsonElement value) => value.ValueKind is JsonValueKind.Number or JsonValueKind.String
        ? Demand(name, PythonText.Of(value))
        : throw ApiException.InvalidInput(name, PythonText.Of(value), "unable to convert to int. Error: it is no number");
}
