using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain;

/// <summary>Values as Python 3 prints them: what <c>str()</c> and <c>repr()</c> give for what its <c>json.loads()</c> read.</summary>
/// <remarks>Numbers that JSON cannot say are read as <see cref="PythonJson"/> describes.</remarks>
public static class PythonText
{
    /// <summary>What <c>str()</c> gives; text stays as it is.</summary>
    public static string Of(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : Repr(value);

    /// <summary>What <c>repr()</c> gives: as <see cref="Of"/>, but text in quotes.</summary>
    public static string Repr(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "None",
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Number => Number(value),
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Repr))}]",
        _ => $"{{{string.Join(", ", value.EnumerateObject().Select(p => $"{Quote(p.Name)}: {Repr(p.Value)}"))}}}",
    };

    /// <summary>The name of the class of what <c>json.loads()</c> read: <c>dict</c>, <c>list</c>, <c>str</c>, <c>bool</c>, <c>int</c>, <c>float</c> or <c>NoneType</c>.</summary>
    public static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "dict",
        JsonValueKind.Array => "list",
        JsonValueKind.String => "str",
        JsonValueKind.True or JsonValueKind.False => "bool",
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? "int" : "float",
        _ => "NoneType",
    };

    /// <summary>Integers of any size digit by digit, all else as <see cref="Float"/>.</summary>
    public static string Number(JsonElement value)
    {
        var raw = value.GetRawText();
        if (raw.AsSpan().IndexOfAny('.', 'e', 'E') >= 0)
            return Float(PythonJson.Double(value));
        return raw == "-0" ? "0" : raw;
    }

    /// <summary>The shortest text that reads back as the same double, in Python's form: <c>1.0</c>, <c>1e-07</c>, <c>1e+16</c>.</summary>
    public static string Float(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        if (value == 0)
            return double.IsNegative(value) ? "-0.0" : "0.0";
        var (significant, exponent) = Shortest(Math.Abs(value).ToString("R", CultureInfo.InvariantCulture));
        var sign = value < 0 ? "-" : "";
        if (exponent is >= -4 and < 16)
        {
            if (exponent < 0)
                return $"{sign}0.{new string('0', -exponent - 1)}{significant}";
            return significant.Length <= exponent + 1
                ? $"{sign}{significant}{new string('0', exponent + 1 - significant.Length)}.0"
                : $"{sign}{significant[..(exponent + 1)]}.{significant[(exponent + 1)..]}";
        }
        var mantissa = significant.Length == 1 ? significant : $"{significant[..1]}.{significant[1..]}";
        return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    /// <summary>The digits without leading and trailing zeros, and the power of ten of the first one.</summary>
    private static (string Digits, int Exponent) Shortest(string text)
    {
        var e = text.IndexOf('E');
        var mantissa = e < 0 ? text : text[..e];
        var exponent = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var point = mantissa.IndexOf('.');
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), exponent + (point < 0 ? mantissa.Length : point) - 1 - leading);
    }

    /// <summary>A text as Python writes it in source: within quotes, what cannot be shown escaped.</summary>
    public static string Quote(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder(text.Length + 2).Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            switch (rune.Value)
            {
                case '\\': result.Append(@"\\"); break;
                case '\n': result.Append(@"\n"); break;
                case '\r': result.Append(@"\r"); break;
                case '\t': result.Append(@"\t"); break;
                case var q when q == quote: result.Append('\\').Append(quote); break;
                case var c when !IsPrintable(rune):
                    result.Append(c < 0x100 ? $"\\x{c:x2}" : c < 0x10000 ? $"\\u{c:x4}" : $"\\U{c:x8}");
                    break;
                default: result.Append(rune.ToString()); break;
            }
        }
        return result.Append(quote).ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
