using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Definitions;

/// <summary>Where an event's trait comes from, and its type.</summary>
internal sealed class TraitDefinition
{
    private readonly FieldSource _source;
    private readonly TraitType _type;

    private TraitDefinition(string name, FieldSource source, TraitType type) => (Name, _source, _type) = (name, source, type);

    public string Name { get; }

    public static TraitDefinition Text(string name, params ReadOnlySpan<string> paths) => new(name, FieldSource.Paths(paths), TraitType.Text);

    /// <summary>Reads a path, or a map of <c>fields</c>, <c>type</c> (text, int, float, datetime) and <c>plugin</c>.</summary>
    /// <exception cref="ConfigurationFileException">It is neither.</exception>
    public static TraitDefinition Read(string name, YamlValue yaml)
    {
        if (name.Length is 0 or > Trait.MaxLength)
            throw yaml.Error($"A trait's name has 1 to {Trait.MaxLength} characters, not {name.Length}.");
        var type = yaml.IsMap ? yaml["type"] : null;
        var known = type is null ? TraitType.Text : type.Text() is "text" or "int" or "float" or "datetime"
            ? TraitTypes.Parse(type.Text())!.Value
            : throw type.Error($"'{type.Text()}' is no type of a trait; a type is text, int, float or datetime.");
        return new(name, FieldSource.Read(yaml, "type"), known);
    }

    /// <summary>The trait, null where the notification has no value for it.</summary>
    /// <exception cref="FormatException">The value is not of the type.</exception>
    /// <exception cref="Paths.PathException">A path takes too long on this notification.</exception>
    public Trait? Find(JsonElement notification)
    {
        if (_source.First(notification) is not { } value || (_type != TraitType.Text && value.ValueKind == JsonValueKind.String && value.GetString() == ""))
            return null;
        return new Trait(Name, Convert(value)
            ?? throw new FormatException($"Trait '{Name}' is to be {_type.Name()}, but its value is {PythonText.Repr(value)}."));
    }

    private QueryValue? Convert(JsonElement value) => _type switch
    {
        TraitType.Integer => Integer(value) is { } integer ? QueryValue.Of(integer) : null,
        TraitType.Float => Paths.JsonValues.Number(value) is { } number ? QueryValue.Of(number) : null,
        TraitType.Datetime => SampleFields.Instant(PythonText.Of(value)) is { } at ? QueryValue.Instant(at) : null,
        _ => QueryValue.Of(PythonText.Of(value)),
    };

    // As int(): a number loses its fraction, a text must be a whole number.
    private static long? Integer(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
            return long.TryParse(value.GetString()!.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var parsed) ? parsed : null;
        if (Paths.JsonValues.IsInteger(value, out var integer))
            return integer;
        return Paths.JsonValues.Number(value) is { } number && double.IsFinite(number) && new BigInteger(number) is var whole
            && whole >= long.MinValue && whole <= long.MaxValue ? (long)whole : null;
    }
}
