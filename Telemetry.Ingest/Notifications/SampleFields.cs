using System.Text;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Definitions.Paths;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Notifications;

/// <summary>Reads the fields of samples out of JSON, with errors that name the field.</summary>
internal static class SampleFields
{
    /// <summary>A text, or anything else as Python prints it; null where it is absent or null.</summary>
    /// <exception cref="FormatException">It is longer than <see cref="SeriesKey.MaxLength"/>, or no valid Unicode.</exception>
    public static string? Text(string field, JsonElement? value)
    {
        if (value is null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined })
            return null;
        string text;
        try
        {
            text = PythonText.Of(value.Value);
        }
        catch (InvalidOperationException e)
        {
            throw new FormatException($"'{field}' is no valid Unicode.", e);
        }
        return text.Length <= SeriesKey.MaxLength
            ? text
            : throw new FormatException($"'{field}' has {text.Length} characters; at most {SeriesKey.MaxLength} are kept: '{text[..40]}…'.");
    }

    /// <exception cref="FormatException">It is absent, null, empty or too long.</exception>
    public static string Required(string field, JsonElement? value) => Text(field, value) is { Length: > 0 } text
        ? text
        : throw new FormatException($"'{field}' is missing.");

    /// <summary>A finite number, or a text that is one.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static double Volume(string field, JsonElement? value) =>
        value is { } v && JsonValues.Number(v) is { } number && double.IsFinite(number)
            ? number
            : throw new FormatException($"'{field}' is {(value is null ? "missing" : Shown(value.Value))}; a volume is a finite number.");

    /// <exception cref="FormatException">It is no type.</exception>
    public static SampleType Type(string field, JsonElement? value) => SampleTypes.Parse(Text(field, value))
        ?? throw new FormatException($"'{field}' is {(value is null ? "missing" : Shown(value.Value))}; a type is gauge, delta or cumulative.");

    /// <returns>Microseconds since 1970.</returns>
    /// <exception cref="FormatException">It is no time.</exception>
    public static long Timestamp(string field, JsonElement? value) =>
        value is { ValueKind: JsonValueKind.String } text && Instant(text.GetString()!) is { } at
            ? at
            : throw new FormatException($"'{field}' is {(value is null ? "missing" : Shown(value.Value))}; a time is ISO 8601.");

    /// <summary>An instant as <see cref="IsoTimestamp"/> reads it, in microseconds since 1970 (UTC); null where the text is none.</summary>
    public static long? Instant(string text)
    {
        if (text.Length > 64)
            return null;
        Span<byte> utf8 = stackalloc byte[64 * 3];
        return IsoTimestamp.TryParse(utf8[..Encoding.UTF8.GetBytes(text, utf8)], out var microseconds, out _) ? microseconds : null;
    }

    public static JsonElement? Find(JsonElement message, string field) => message.TryGetProperty(field, out var value) ? value : null;

    private static string Shown(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.Number ? PythonText.Of(value) : value.GetRawText(); // NaN is a number there
        return text.Length > 80 ? $"{text.AsSpan(0, 80)}…" : text;
    }
}
