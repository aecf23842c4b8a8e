using System.Globalization;
using System.Text.Json;

namespace Telemetry.Domain.Alarms;

/// <summary>A JSON object that a client sent, read by attribute with the conversions and the error texts of WSME, Ceilometer's web layer.</summary>
/// <param name="value">The object.</param>
/// <param name="body">The whole body, which some errors show.</param>
internal readonly struct AlarmArguments(JsonElement value, JsonElement body)
{
    /// <summary>Reads a nested object.</summary>
    /// <param name="path">What errors call it, such as <c>data.threshold_rule</c>.</param>
    /// <exception cref="AlarmRefusedException">It is none, or has another attribute than those named.</exception>
    public static AlarmArguments Read(JsonElement value, string field, string path, JsonElement body, IReadOnlyCollection<string> attributes)
    {
        if (value.ValueKind != JsonValueKind.Object)
            throw AlarmRefusedException.InvalidInput(field, PythonText.Of(value), $"Wrong type. Expected an object, got '{PythonText.TypeOf(value)}'");
        var unknown = value.EnumerateObject().Select(p => p.Name).Where(n => !attributes.Contains(n)).Distinct().Order(StringComparer.Ordinal).ToList();
        return unknown is []
            ? new AlarmArguments(value, body)
            : throw AlarmRefusedException.Invalid($"Unknown attribute for argument {path}: {string.Join(", ", unknown)}");
    }

    /// <summary>Whether the attribute is there, be it null.</summary>
    public bool Has(string name) => value.TryGetProperty(name, out _);

    public bool IsNullOrAbsent(string name) => !value.TryGetProperty(name, out var v) || v.ValueKind == JsonValueKind.Null;

    public static AlarmRefusedException Missing(string name) => AlarmRefusedException.InvalidInput(name, "None", "Mandatory field missing.");

    public string? Text(string name)
    {
        if (IsNullOrAbsent(name))
            return null;
        var v = value.GetProperty(name);
        return v.ValueKind == JsonValueKind.String ? v.GetString() : throw NoText(name, v, v);
    }

    public string RequiredText(string name) => Text(name) ?? throw Missing(name);

    /// <summary>JSON booleans, 0 and 1, and words such as yes and off. Null stays null.</summary>
    public bool? Boolean(string name, bool absent)
    {
        if (!value.TryGetProperty(name, out var v))
            return absent;
        switch (v.ValueKind)
        {
            case JsonValueKind.Null:
                return null;
            case JsonValueKind.True or JsonValueKind.False:
                return v.GetBoolean();
            case JsonValueKind.Number when v.GetRawText() is "0" or "1":
                return v.GetRawText() == "1";
            case JsonValueKind.String when Boolean(v.GetString()!) is { } known:
                return known;
            default:
                throw AlarmRefusedException.InvalidInput("data", PythonText.Of(body), $"Value not an unambiguous boolean: {PythonText.Of(v)}");
        }
    }

    /// <summary>A word for true or false, in any case; null for any other.</summary>
    public static bool? Boolean(string text) => text.Trim().ToLowerInvariant() switch
    {
        "true" or "t" or "yes" or "y" or "on" or "1" => true,
        "false" or "f" or "no" or "n" or "off" or "0" => false,
        _ => null,
    };

    /// <summary>JSON numbers, cut to whole ones, and numeric texts.</summary>
    /// <param name="absent">Null: the attribute has to be there.</param>
    public int Integer(string name, int? absent, int min, int max = int.MaxValue)
    {
        if (IsNullOrAbsent(name))
            return absent ?? throw Missing(name);
        var v = value.GetProperty(name);
        double number;
        switch (v.ValueKind)
        {
            case JsonValueKind.Number:
                number = Math.Truncate(v.GetDouble());
                break;
            case JsonValueKind.True or JsonValueKind.False:
                number = v.GetBoolean() ? 1 : 0;
                break;
            case JsonValueKind.String when decimal.TryParse(v.GetString()!.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed):
                number = (double)parsed;
                break;
            case JsonValueKind.String:
                throw AlarmRefusedException.InvalidInput(
                    name, v.GetString()!, $"unable to convert to int. Error: invalid literal for int() with base 10: {PythonText.Quote(v.GetString()!)}");
            default:
                throw AlarmRefusedException.InvalidInput(
                    name, PythonText.Of(v), $"unable to convert to int. Error: int() argument must be a string, a bytes-like object or a real number, not '{PythonText.TypeOf(v)}'");
        }
        var shown = v.ValueKind == JsonValueKind.String ? v.GetString()!.Trim() : number.ToString("F0", CultureInfo.InvariantCulture);
        if (number < min)
            throw AlarmRefusedException.InvalidInput(name, shown, $"Value should be greater or equal to {min}");
        return number <= max ? (int)number : throw AlarmRefusedException.InvalidInput(name, shown, $"Value should be lower or equal to {max}");
    }

    /// <summary>A finite JSON number or numeric text; has to be there.</summary>
    public double Float(string name)
    {
        if (IsNullOrAbsent(name))
            throw Missing(name);
        var v = value.GetProperty(name);
        switch (v.ValueKind)
        {
            case JsonValueKind.Number when double.IsFinite(v.GetDouble()):
                return v.GetDouble();
            case JsonValueKind.True or JsonValueKind.False:
                return v.GetBoolean() ? 1 : 0;
            case JsonValueKind.String or JsonValueKind.Number:
                var text = v.ValueKind == JsonValueKind.String ? v.GetString()! : v.GetRawText();
                return double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
                    ? number
                    : throw AlarmRefusedException.InvalidInput(name, text, $"could not convert string to float: {PythonText.Quote(text)}");
            default:
                throw AlarmRefusedException.InvalidInput(
                    name, PythonText.Of(v), $"float() argument must be a string or a real number, not '{PythonText.TypeOf(v)}'");
        }
    }

    /// <summary>One of some words.</summary>
    /// <returns>Its index; <paramref name="absent"/> where the attribute is absent. Null is no word.</returns>
    public int Word(string name, IReadOnlyList<string> words, int? absent)
    {
        if (!value.TryGetProperty(name, out var v))
            return absent ?? throw Missing(name);
        if (v.ValueKind == JsonValueKind.String)
        {
            for (var i = 0; i < words.Count; i++)
            {
                if (words[i] == v.GetString())
                    return i;
            }
        }
        throw AlarmRefusedException.InvalidInput(name, PythonText.Of(v), $"Value should be one of: {string.Join(", ", words)}");
    }

    /// <summary>A list of texts, without repeats; null stays null, and absent is empty.</summary>
    public IReadOnlyList<string>? Texts(string name)
    {
        if (!value.TryGetProperty(name, out var v))
            return [];
        if (v.ValueKind == JsonValueKind.Null)
            return null;
        var items = List(name, v);
        foreach (var item in items)
        {
            if (item.ValueKind != JsonValueKind.String)
                throw NoText(name, v, item);
        }
        return items.Select(i => i.GetString()!).Distinct(StringComparer.Ordinal).ToList();
    }

    /// <summary>A list of at most <see cref="AlarmLimits.MaxItems"/>; nothing where it is absent or null.</summary>
    public IReadOnlyList<JsonElement> Items(string name) => IsNullOrAbsent(name) ? [] : List(name, value.GetProperty(name));

    /// <summary>Checks a time stamp that is read, but not used.</summary>
    public void CheckTime(string name)
    {
        if (Text(name) is { } text && !DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
            throw AlarmRefusedException.InvalidInput(name, text, "invalid isoformat date and time");
    }

    private static List<JsonElement> List(string name, JsonElement v)
    {
        if (v.ValueKind != JsonValueKind.Array)
            throw AlarmRefusedException.InvalidInput(name, PythonText.Of(v), $"Value not a valid list: {PythonText.Of(v)}");
        return v.GetArrayLength() <= AlarmLimits.MaxItems
            ? v.EnumerateArray().ToList()
            : throw AlarmRefusedException.InvalidInput(name, $"a list of {v.GetArrayLength()}", $"A list holds at most {AlarmLimits.MaxItems} items.");
    }

    private static AlarmRefusedException NoText(string name, JsonElement shown, JsonElement wrong) => AlarmRefusedException.InvalidInput(
        name, PythonText.Of(shown), $"Wrong type. Expected '<class 'str'>', got '<class '{PythonText.TypeOf(wrong)}'>'");
}

/// <summary>How much one alarm may hold.</summary>
public static class AlarmLimits
{
    /// <summary>Of one list: conditions, ids, actions, time constraints, parts of a composite's group.</summary>
    public const int MaxItems = 1_000;

    /// <summary>Leaves of one composite rule.</summary>
    public const int MaxLeaves = 1_000;

    /// <summary>How many groups of a composite rule may lie in each other.</summary>
    public const int MaxDepth = 30;

    /// <summary>UTF-16 code units of a name, an id or a meter's name.</summary>
    public const int MaxTextLength = 1_024;
}
