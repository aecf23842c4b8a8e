using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain.Metering;

/// <summary>Metadata as Ceilometer's API shows it: flat, every value turned into the text that Python gives it.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/utils.py (flatten_metadata) and utils.py (recursive_keypairs, restore_nesting).</remarks>
internal static class MetadataText
{
    /// <summary>
    /// Nested keys are joined so that the first separator is a dot and all further ones, and all dots within keys, are colons:
    /// <c>{"a":{"b":{"c":1}}}</c> gives <c>a.b:c</c>. Empty objects vanish.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string>> Flatten(JsonElement root)
    {
        foreach (var property in root.EnumerateObject())
        {
            foreach (var (key, value) in Pairs(property.Name, property.Value))
                yield return new(Separate(key), value);
        }
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
        var first = key.IndexOf('.');
        return first < 0 ? key : string.Concat(key.AsSpan(0, first + 1), key[(first + 1)..].Replace('.', ':'));
    }

    /// <summary>What <c>str()</c> gives; text stays as it is.</summary>
    public static string PythonText(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : PythonRepr(value);

    private static string PythonRepr(JsonElement value) => value.ValueKind switch
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
        var digits = value.ToString("E16", CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var exponent = int.Parse(digits.AsSpan(digits.IndexOf('E') + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (value == 0)
            return double.IsNegative(value) ? "-0.0" : "0.0";
        var significant = Significant(shortest);
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

    private static string Significant(string shortest)
    {
        var end = shortest.IndexOf('E');
        var digits = (end < 0 ? shortest : shortest[..end]).Replace("-", "", StringComparison.Ordinal).Replace(".", "", StringComparison.Ordinal);
        digits = digits.Trim('0') is { Length: > 0 } trimmed ? trimmed : "0";
        return digits;
    }

    /// <summary>What <c>repr()</c> gives for a text.</summary>
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
