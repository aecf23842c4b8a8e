using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain.Metering;

/// <summary>Metadata as Ceilometer's API shows it: flat, every value turned into the text that Python gives it.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/utils.py (flatten_metadata) and utils.py (recursive_keypairs, restore_nesting).</remarks>
public static class MetadataText
{
    /// <summary>
    /// Nested keys are joined by dots; then the first dot or colon becomes a dot and all further ones, also those within keys,
    /// become colons: <c>{"a":{"b":{"c":1}}}</c> gives <c>a.b:c</c>. Empty objects vanish. Of keys that come out equal the last one's value stays.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> Flatten(JsonElement root)
    {
        var flat = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            foreach (var (key, value) in Pairs(property.Name, property.Value))
                flat[Separate(key)] = value;
        }
        return flat;
    }

    private static IEnumerable<(string Key, string Value)> Pairs(string key, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            yield return (key, PythonText(value));
            yield break;
        }
        foreach (var property in value.EnumerateObject())
        {
            foreach (var pair in Pairs($"{key}.{property.Name}", property.Value))
                yield return pair;
        }
    }

    private static string Separate(string key)
    {
        var first = key.AsSpan().IndexOfAny('.', ':');
        return first < 0 ? key : string.Concat(key.AsSpan(0, first), ".", key[(first + 1)..].Replace('.', ':'));
    }

    /// <summary>What <c>str()</c> gives; text stays as it is.</summary>
    public static string PythonText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : PythonRepr(value);

    /// <summary>What <c>repr()</c> gives.</summary>
    public static string PythonRepr(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => "None",
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        JsonValueKind.Number => PythonNumber(value),
        JsonValueKind.String => Quote(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(PythonRepr))}]",
        _ => $"{{{string.Join(", ", value.EnumerateObject().Select(p => $"{Quote(p.Name)}: {PythonRepr(p.Value)}"))}}}",
    };

    private static string PythonNumber(JsonElement value)
    {
        var raw = value.GetRawText();
        return raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0 ? raw : PythonFloat(value.GetDouble());
    }

    /// <summary>The shortest text that reads back as the same double, in Python's form: <c>1.0</c>, <c>1e-07</c>, <c>1e+16</c>.</summary>
    public static string PythonFloat(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        if (value == 0)
            return double.IsNegative(value) ? "-0.0" : "0.0";
        var (significant, exponent) = Shortest(Math.Abs(value));
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

    /// <summary>The fewest digits that read back as the same double, and the power of ten of the first of them.</summary>
    private static (string Digits, int Exponent) Shortest(double value)
    {
        var text = value.ToString("R", CultureInfo.InvariantCulture); // 12.5, 0.001, 1.5E+20
        var e = text.IndexOf('E');
        var power = e < 0 ? 0 : int.Parse(text.AsSpan(e + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = e < 0 ? text : text[..e];
        var point = mantissa.IndexOf('.') is >= 0 and var p ? p : mantissa.Length;
        var digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        return (digits.Trim('0'), power + point - 1 - leading);
    }

    /// <summary>A text as Python writes it in source: within quotes, what cannot be shown escaped.</summary>
    public static string Quote(string text)
    {
        var quote = text.Contains('\'') && !text.Contains('"') ? '"' : '\'';
        var result = new StringBuilder(text.Length + 2).Append(quote);
        foreach (var c in text)
        {
            switch (c)
            {
                case '\\': result.Append(@"\\"); break;
                case '\n': result.Append(@"\n"); break;
                case '\r': result.Append(@"\r"); break;
                case '\t': result.Append(@"\t"); break;
                case var q when q == quote: result.Append('\\').Append(q); break;
                case < ' ' or '\x7f': result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"); break;
                default: result.Append(c); break;
            }
        }
        return result.Append(quote).ToString();
    }
}
