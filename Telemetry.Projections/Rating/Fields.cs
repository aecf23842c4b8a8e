using System.Globalization;
using Telemetry.Domain.Metering;
using YamlDotNet.RepresentationModel;

namespace Telemetry.Projections.Rating;

/// <summary>A YAML mapping that is taken field by field; what is left at the end is refused.</summary>
/// <param name="name">Where the mapping lies, for messages.</param>
internal sealed class Fields(YamlMappingNode node, string name)
{
    private readonly HashSet<string> _taken = [];

    /// <summary>The names of all fields.</summary>
    public IEnumerable<string> Names() => node.Children.Keys.Select(k => k.ToString());

    /// <exception cref="TariffException">There is no such field, or it is no text.</exception>
    public string Text(string field) => OptionalText(field) is { Length: > 0 } text ? text : throw Wrong(field, null, "a text");

    public string? OptionalText(string field) => Take(field) switch
    {
        null => null,
        YamlScalarNode { Value.Length: <= 255 } scalar => scalar.Value,
        var other => throw Wrong(other, $"{name}.{field}", other is YamlScalarNode ? "..." : other.ToString(), "a text of at most 255 characters"),
    };

    public Fields? Mapping(string field) => Take(field) switch
    {
        null => null,
        YamlMappingNode mapping => new(mapping, $"{name}.{field}"),
        var other => throw Wrong(other, $"{name}.{field}", other.ToString(), "a mapping"),
    };

    /// <summary>Empty where there is no such field.</summary>
    public IEnumerable<YamlNode> Sequence(string field, int most) => Take(field) switch
    {
        null => [],
        YamlSequenceNode { Children: var items } => items.Count <= most ? items : throw Wrong(field, $"{items.Count} entries", $"a list of at most {most}"),
        var other => throw Wrong(other, $"{name}.{field}", other.ToString(), "a list"),
    };

    /// <summary>A decimal number that is not negative, null where there is none.</summary>
    public decimal? Amount(string field) => Signed(field) is { } value ? value >= 0 ? value : throw Wrong(field, value.ToString(CultureInfo.InvariantCulture), "a decimal number of at least 0") : null;

    /// <summary>A decimal number, as exact as it is written; null where there is none.</summary>
    public decimal? Signed(string field)
    {
        if (OptionalText(field) is not { } text)
            return null;
        return text.Length <= 28 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw Wrong(field, text, "a decimal number");
    }

    public int? Integer(string field, int least, int most)
    {
        if (OptionalText(field) is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
            ? value
            : throw Wrong(field, text, $"a number from {least} to {most}");
    }

    /// <summary>A number and <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>, in seconds; at most 366 days.</summary>
    public long? Duration(string field)
    {
        if (OptionalText(field) is not { } text)
            return null;
        var unit = text is "" ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86_400, _ => 0 };
        return unit > 0 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && (long)number * unit <= 366 * 86_400
            ? (long)number * unit
            : throw Wrong(field, text, "a number and s, m, h or d, at most 366d");
    }

    /// <summary>A day, at whose beginning (UTC) something begins or ends; microseconds since 1970.</summary>
    public long? Date(string field)
    {
        if (OptionalText(field) is not { } text)
            return null;
        return DateTime.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var day)
            ? UnixMicroseconds.From(day)
            : throw Wrong(field, text, "a date such as 2026-10-01");
    }

    /// <exception cref="TariffException">A field was not taken.</exception>
    public void Close()
    {
        foreach (var (key, _) in node.Children)
        {
            if (!_taken.Contains(key.ToString()))
                throw Wrong(key, $"{name}.{key}", key.ToString(), "one of the fields of docs/rating.md");
        }
    }

    public TariffException Wrong(string field, string? value, string wanted) => Wrong(node, $"{name}.{field}", value, wanted);

    public static TariffException Wrong(YamlNode node, string field, string? value, string wanted) =>
        new($"Line {node.Start.Line}: {field} is {(value is null ? "missing" : $"'{value}'")}; wanted: {wanted}.");

    private YamlNode? Take(string field)
    {
        _taken.Add(field);
        return node.Children.TryGetValue(new YamlScalarNode(field), out var value) ? value : null;
    }
}
