using System.Globalization;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>Makes JSON values of computed ones, and computes with them as Python does.</summary>
internal static class JsonValues
{
    public static readonly JsonElement Null = JsonElement.Parse("null"u8);

    public static JsonElement Of(string text) => JsonSerializer.SerializeToElement(text);

    public static JsonElement Of(long number) => JsonSerializer.SerializeToElement(number);

    /// <summary>A float stays one: it is written with a point or an exponent.</summary>
    public static JsonElement Of(double number) => double.IsFinite(number)
        ? JsonElement.Parse(PythonText.Float(number))
        : Null;

    public static JsonElement Of(object? scalar) => scalar switch
    {
        null => Null,
        string text => Of(text),
        long integer => Of(integer),
        double number => Of(number),
        bool truth => JsonSerializer.SerializeToElement(truth),
        _ => throw new ArgumentException($"{scalar.GetType().Name} is no JSON scalar.", nameof(scalar)),
    };

    /// <summary>False for null, false, zero, and empty text, lists and objects.</summary>
    public static bool IsTruthy(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.Number => PythonJson.Double(value) != 0,
        JsonValueKind.String => value.GetString()!.Length > 0,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.GetPropertyCount() > 0,
        _ => false,
    };

    public static bool IsInteger(JsonElement number, out long integer)
    {
        integer = 0;
        return number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out integer) && number.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0;
    }

    /// <summary>A number, or a text that Python's <c>float()</c> reads.</summary>
    public static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => PythonJson.Double(value),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.String => double.TryParse(value.GetString()!.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null,
        _ => null,
    };
}
