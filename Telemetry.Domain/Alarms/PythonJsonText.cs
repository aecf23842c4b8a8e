using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Telemetry.Domain.Alarms;

/// <summary>JSON text as Python's <c>json.dumps</c> writes it: a space after <c>:</c> and <c>,</c>, only ASCII.</summary>
/// <remarks>Clients and other tools compare the details of history and the reasons of event alarms letter by letter.</remarks>
internal static class PythonJsonText
{
    public static string Format(string json, bool sortKeys = false)
    {
        using var document = JsonDocument.Parse(json);
        var text = new StringBuilder(json.Length + 32);
        Write(text, document.RootElement, sortKeys);
        return text.ToString();
    }

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
