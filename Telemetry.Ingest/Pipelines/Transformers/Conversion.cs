using System.Text.RegularExpressions;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Pipelines.Transformers;

/// <summary>The parameters <c>source</c> and <c>target</c>: what a sample is renamed and scaled to.</summary>
internal sealed class Conversion
{
    private readonly string? _name;
    private readonly string? _unit;
    private readonly SampleType? _type;
    private readonly Mapping? _nameMap;
    private readonly Mapping? _unitMap;
    private readonly double? _factor;
    private readonly Expression? _formula;
    private readonly double _max;

    private Conversion(YamlValue? source, YamlValue? target)
    {
        source?.AllowOnly("unit", "map_from");
        target?.AllowOnly("name", "unit", "type", "scale", "max", "map_to");
        SourceUnit = source?["unit"]?.Text();
        _name = target?["name"] is { } name ? Bounded(name) : null;
        _unit = target?["unit"] is { } unit ? Bounded(unit) : null;
        _type = ReadType(target?["type"]);
        _nameMap = Mapping.Read(source, target, "name");
        _unitMap = Mapping.Read(source, target, "unit");
        _max = target?["max"]?.Number() ?? double.PositiveInfinity;
        if (target?["scale"] is not { } scale)
            return;
        if (scale.Scalar() is string text)
            _formula = Formula(scale, text);
        else
            _factor = scale.Number();
    }

    /// <summary>Null where any unit is converted.</summary>
    public string? SourceUnit { get; }

    public bool HasScale => _factor is not null || _formula is not null;

    /// <exception cref="ConfigurationFileException">A parameter is wrong.</exception>
    public static Conversion Read(YamlValue parameters) => new(parameters["source"], parameters["target"]);

    /// <summary>Null where no type is named.</summary>
    /// <exception cref="ConfigurationFileException">It is no type.</exception>
    public static SampleType? ReadType(YamlValue? yaml) => yaml is null ? null : SampleTypes.Parse(yaml.Text())
        ?? throw yaml.Error($"'{yaml.Text()}' is no type; a type is gauge, delta or cumulative.");

    /// <summary>The volume times a number, or what the formula gives; the volume itself without a scale.</summary>
    /// <exception cref="ExpressionException">The formula has no value for this sample.</exception>
    public double Scale(SampleInFlight sample) =>
        _formula is not null ? _formula.Number(name => SampleScope.Value(sample, name)) : sample.Volume * (_factor ?? 1);

    /// <summary>The sample renamed, with another volume, which the maximum caps. It has no id of its sender's: it is another sample.</summary>
    /// <param name="type">Where the target names none.</param>
    /// <exception cref="ExpressionException">The volume, name or unit is none that can be stored.</exception>
    public SampleInFlight Apply(SampleInFlight sample, double volume, SampleType? type = null)
    {
        if (!double.IsFinite(volume))
            throw new ExpressionException("The result is no finite number.");
        var s = sample.Series;
        var name = _name ?? _nameMap?.Apply(s.Meter) ?? s.Meter;
        var unit = _unit ?? (s.Unit is null ? null : _unitMap?.Apply(s.Unit)) ?? s.Unit;
        if (name.Length is 0 or > SeriesKey.MaxLength || unit?.Length > SeriesKey.MaxLength)
            throw new ExpressionException($"The name or unit that it gets is empty or longer than {SeriesKey.MaxLength} characters.");
        return sample with
        {
            Series = new(name, _type ?? type ?? s.Type, unit, s.ResourceId, s.ProjectId, s.UserId, s.Source),
            Volume = Math.Min(volume, _max),
            MessageId = null,
            Signature = null,
        };
    }

    private static Expression Formula(YamlValue yaml, string text)
    {
        try
        {
            var formula = Expression.Parse(text);
            return formula.Names.FirstOrDefault(n => !SampleScope.Knows(n)) is { } unknown
                ? throw yaml.Error($"A scale cannot use '{unknown}'; it can use {string.Join(", ", SampleScope.Fields)} and resource_metadata.KEY.")
                : formula;
        }
        catch (ExpressionException e)
        {
            throw yaml.Error(e.Message, e);
        }
    }

    private static string Bounded(YamlValue yaml) => yaml.Text() is { Length: > 0 and <= SeriesKey.MaxLength } text
        ? text
        : throw yaml.Error($"A name or unit has 1 to {SeriesKey.MaxLength} characters.");

    private sealed class Mapping(Regex pattern, string replacement)
    {
        public static Mapping? Read(YamlValue? source, YamlValue? target, string field)
        {
            if (source?["map_from"]?[field] is not { } from || target?["map_to"]?[field] is not { } to)
                return null;
            try
            {
                return new(BoundedRegex.Create(from.Text()), BoundedRegex.Replacement(to.Text()));
            }
            catch (ArgumentException e)
            {
                throw from.Error($"'{from.Text()}' is no regular expression: {e.Message}", e);
            }
        }

        public string Apply(string text)
        {
            try
            {
                return pattern.Replace(text, replacement);
            }
            catch (RegexMatchTimeoutException)
            {
                throw new ExpressionException($"The pattern '{pattern}' takes too long on '{text}'.");
            }
        }
    }
}
