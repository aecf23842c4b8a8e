using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain;

/// <summary>Reads JSON as Python's <c>json</c> module writes it, which may hold <c>NaN</c>, <c>Infinity</c> and <c>-Infinity</c>, and writes it so.</summary>
/// <remarks>
/// Those three become numbers that no double holds (<c>0e99999</c>, <c>1e99999</c>, <c>-1e99999</c>), so that the rest of the
/// program meets nothing but JSON. <see cref="Double"/> and <see cref="PythonText"/> know them.
/// </remarks>
public static class PythonJson
{
    /// <summary>How deep objects and lists may lie in each other.</summary>
    public const int MaxDepth = 64;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth };

    /// <summary>Parses one JSON value; the document keeps the memory that it was given.</summary>
    /// <exception cref="JsonException">It is no JSON, or too deep.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        try
        {
            return JsonDocument.Parse(utf8, Options);
        }
        catch (JsonException)
        {
            if (Rewritten(utf8.Span) is not { } finite)
                throw;
            return JsonDocument.Parse(finite, Options);
        }
    }

    /// <summary>The number as a double, NaN and the infinities included.</summary>
    public static double Double(JsonElement number) => IsNaN(number) ? double.NaN : number.GetDouble();

    /// <summary>A double as a JSON number that stays a float, NaN and the infinities included.</summary>
    public static string Text(double value) => double.IsFinite(value)
        ? PythonText.Float(value)
        : double.IsNaN(value) ? "0e99999" : value > 0 ? "1e99999" : "-1e99999";

    /// <summary>Whether this is the number that stands for NaN.</summary>
    public static bool IsNaN(JsonElement number) => number.ValueKind == JsonValueKind.Number && number.GetRawText() == "0e99999";

    /// <summary>A JSON text as Python's <c>json.dumps</c> writes it: a space after <c>:</c> and <c>,</c>, only ASCII.</summary>
    /// <remarks>Clients and other tools compare the details of history and the reasons of event alarms letter by letter.</remarks>
    public static string Format(string json, bool sortKeys = false)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder(json.Length + 32);
        Write(text, document.RootElement, sortKeys);
        return text.ToString();
    }

    /// <summary>An object of fields whose values are JSON texts, likewise.</summary>
    public static string FormatObject(IEnumerable<KeyValuePair<string, string>> fields)
    {
        var text = new StringBuilder("{");
        foreach (var (name, json) in fields)
        {
            if (text.Length > 1)
                text.Append(", ");
            WriteText(text, name);
            text.Append(": ");
            using var document = JsonDocument.Parse(json);
            Write(text, document.RootElement, false);
        }
        return text.Append('}').ToString();
    }

    /// <summary>The text with NaN and the infinities as numbers; null where it holds none of them.</summary>
    public static byte[]? Rewritten(ReadOnlySpan<byte> json)
    {
        var result = new List<byte>(json.Length + 64);
        var found = false;
        for (var i = 0; i < json.Length;)
        {
            var rest = json[i..];
            var length = rest[0] switch
            {
                (byte)'"' => TextLength(rest),
                _ => 1,
            };
            if (rest.StartsWith("NaN"u8))
                (length, found) = (Add(result, "0e99999"u8, 3), true);
            else if (rest.StartsWith("Infinity"u8)) // a minus sign before it stays where it is
                (length, found) = (Add(result, "1e99999"u8, 8), true);
            else
                result.AddRange(rest[..length]);
            i += length;
        }
        return found ? [.. result] : null;
    }

    private static int Add(List<byte> result, ReadOnlySpan<byte> text, int replaced)
    {
        result.AddRange(text);
        return replaced;
    }

    private static int TextLength(ReadOnlySpan<byte> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                return i + 1;
        }
        return text.Length;
    }

    private static void Write(StringBuilder text, JsonElement value, bool sortKeys)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var first = true;
                text.Append('{');
                foreach (var property in sortKeys ? value.EnumerateObject().OrderBy(p => p.Name, StringComparer.Ordinal) : value.EnumerateObject().AsEnumerable())
                {
                    if (!first)
                        text.Append(", ");
                    first = false;
                    WriteText(text, property.Name);
                    text.Append(": ");
                    Write(text, property.Value, sortKeys);
                }
                text.Append('}');
                break;
            case JsonValueKind.Array:
                text.Append('[');
                for (var i = 0; i < value.GetArrayLength(); i++)
                {
                    if (i > 0)
                        text.Append(", ");
                    Write(text, value[i], sortKeys);
                }
                text.Append(']');
                break;
            case JsonValueKind.String:
                WriteText(text, value.GetString()!);
                break;
            case JsonValueKind.Number:
                text.Append(PythonText.Of(value));
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void WriteText(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append(@"\\"); break;
                case '\n': text.Append(@"\n"); break;
                case '\r': text.Append(@"\r"); break;
                case '\t': text.Append(@"\t"); break;
                case '\b': text.Append(@"\b"); break;
                case '\f': text.Append(@"\f"); break;
                case < ' ' or > '~': text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"); break;
                default: text.Append(c); break;
            }
        }
        text.Append('"');
    }
}
