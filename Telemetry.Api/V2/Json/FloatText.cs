using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes floats as Python does, <c>1.0</c> and not <c>1</c>: clients tell a float from a count by it.</summary>
internal static class FloatText
{
    /// <summary>Below this, whole numbers are written digit by digit without an exponent.</summary>
    private const double WholeLimit = 1e15;

    /// <param name="value">What JSON cannot hold (a sum that overflowed) becomes null.</param>
    public static void Write(Utf8JsonWriter json, double value)
    {
        if (!double.IsFinite(value))
        {
            json.WriteNullValue();
            return;
        }
        Span<byte> text = stackalloc byte[32];
        json.WriteRawValue(text[..Format(value, text)], skipInputValidation: true);
    }

    public static void Write(Utf8JsonWriter json, JsonEncodedText name, double value)
    {
        json.WritePropertyName(name);
        Write(json, value);
    }

    private static int Format(double value, Span<byte> text)
    {
        int length;
        // Most volumes are whole numbers, which are written five times as fast as a shortest round trip is found.
        if (Math.Abs(value) < WholeLimit && Math.Truncate(value) == value && !(value == 0 && double.IsNegative(value)))
        {
            Utf8Formatter.TryFormat((long)value, text, out length);
            ".0"u8.CopyTo(text[length..]);
            return length + 2;
        }
        value.TryFormat(text, out length, "R", CultureInfo.InvariantCulture);
        return text[..length].IndexOfAny((byte)'E', (byte)'.') is var at && at >= 0 && text[at] == '.' && !text[..length].Contains((byte)'E')
            ? length
            : Encoding.UTF8.GetBytes(MetadataText.PythonFloat(value), text);
    }
}
