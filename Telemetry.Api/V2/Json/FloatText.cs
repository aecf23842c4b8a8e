using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes floats as Python does, <c>1.0</c> and not <c>1</c>: clients tell a float from a count by it.</summary>
internal static class FloatText
{
    /// <summary>Below this, a number of millionths has at most 15 digits.</summary>
    private const double MillionthsLimit = 1e15;

    /// <summary>Below this, Python writes an exponent.</summary>
    private const double ExponentLimit = 1e-4;

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
        // Most volumes have few decimals; writing those digit by digit is cheaper than looking for a shortest round trip. It is the same
        // text: no two decimals of up to 15 digits are the same double, so that one which gives the value back is the shortest.
        var millionths = Math.Round(value * 1e6);
        if (Math.Abs(millionths) < MillionthsLimit && millionths / 1e6 == value && Math.Abs(value) >= ExponentLimit)
            return FormatMillionths((long)millionths, text);
        value.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        return text[..length].Contains((byte)'.') && !text[..length].Contains((byte)'E')
            ? length
            : Encoding.UTF8.GetBytes(PythonText.Float(value), text);
    }

    private static int FormatMillionths(long millionths, Span<byte> text)
    {
        var (whole, rest) = Math.DivRem(Math.Abs(millionths), 1_000_000);
        var sign = millionths < 0 ? 1 : 0;
        text[0] = (byte)'-';
        Utf8Formatter.TryFormat(whole, text[sign..], out var length);
        length += sign;
        text[length++] = (byte)'.';
        var decimals = 6;
        for (; decimals > 1 && rest % 10 == 0; decimals--)
            rest /= 10;
        for (var i = length + decimals - 1; i >= length; i--, rest /= 10)
            text[i] = (byte)('0' + rest % 10);
        return length + decimals;
    }
}
