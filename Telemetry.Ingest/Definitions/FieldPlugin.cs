using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Ingest.Configuration;
using Telemetry.Ingest.Definitions.Paths;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Definitions;

/// <summary>Makes other values of the ones that a definition's paths found.</summary>
/// <remarks>Source: the trait plugins of Ceilometer (ceilometer/event/trait_plugins.py).</remarks>
internal abstract class FieldPlugin
{
    /// <summary>Whether it gives as many values as it is given; the others make one value of all.</summary>
    public virtual bool GivesMany => false;

    /// <param name="matches">What the paths found, without nulls.</param>
    public abstract IEnumerable<JsonElement> Apply(IReadOnlyList<PathMatch> matches);

    /// <summary>Reads a name, or a map of <c>name</c> and <c>parameters</c>.</summary>
    /// <exception cref="ConfigurationFileException">There is no such plugin, or a parameter is wrong.</exception>
    public static FieldPlugin Read(YamlValue yaml)
    {
        if (yaml.IsMap)
            yaml.AllowOnly("name", "parameters");
        var name = yaml.IsMap ? yaml.Required("name").Text() : yaml.Text();
        var parameters = yaml.IsMap ? yaml["parameters"] : null;
        return name switch
        {
            "split" => SplitPlugin.Of(parameters),
            "bitfield" => BitfieldPlugin.Of(parameters),
            "timedelta" => new TimedeltaPlugin(),
            "map" => MapPlugin.Of(parameters ?? throw yaml.Error("Plugin 'map' needs the parameter 'values'.")),
            _ => throw yaml.Error($"There is no plugin '{name}'; there are split, bitfield, timedelta and map."),
        };
    }
}

/// <summary>The n-th part of a text; null where it has fewer.</summary>
internal sealed class SplitPlugin(string separator, int segment, int? maxSplit) : FieldPlugin
{
    public override bool GivesMany => true;

    public static SplitPlugin Of(YamlValue? parameters)
    {
        parameters?.AllowOnly("separator", "segment", "max_split");
        var separator = parameters?["separator"];
        if (separator?.Text() is "")
            throw separator.Error("'separator' is empty.");
        return new(separator?.Text() ?? ".", (int)Bounded(parameters?["segment"], 0), parameters?["max_split"] is { } max ? (int)Bounded(max, 0) : null);
    }

    public override IEnumerable<JsonElement> Apply(IReadOnlyList<PathMatch> matches)
    {
        foreach (var match in matches)
        {
            var parts = PythonText.Of(match.Value).Split(separator, maxSplit is null or < 0 ? int.MaxValue : maxSplit.Value + 1);
            var place = segment < 0 ? segment + parts.Length : segment;
            yield return place >= 0 && place < parts.Length ? JsonValues.Of(parts[place]) : JsonValues.Null;
        }
    }

    private static long Bounded(YamlValue? yaml, long absent) => yaml is null ? absent : yaml.Integer() is var n && n is > -10_000 and < 10_000
        ? n
        : throw yaml.Error($"{n} is not between -10000 and 10000.");
}

/// <summary>One integer, a bit of which is set where a path matched, and matched a given value if there is one.</summary>
internal sealed class BitfieldPlugin(long initial, IReadOnlyList<(string Path, int Bit, JsonElement? Value)> flags) : FieldPlugin
{
    public static BitfieldPlugin Of(YamlValue? parameters)
    {
        parameters?.AllowOnly("initial_bitfield", "flags");
        var flags = new List<(string, int, JsonElement?)>();
        foreach (var flag in parameters?["flags"]?.Items() ?? [])
        {
            flag.AllowOnly("path", "bit", "value");
            var bit = flag.Required("bit");
            if (bit.Integer() is < 0 or > 62)
                throw bit.Error($"{bit.Text()} is no bit; they are numbered 0 to 62.");
            flags.Add((flag.Required("path").Text(), (int)bit.Integer(), flag["value"] is { } value ? JsonValues.Of(value.Scalar()) : null));
        }
        return new(parameters?["initial_bitfield"]?.Integer() ?? 0, flags);
    }

    public override IEnumerable<JsonElement> Apply(IReadOnlyList<PathMatch> matches)
    {
        var bits = initial;
        foreach (var (path, bit, value) in flags)
        {
            if (matches.Any(m => m.FullPath == path && (value is null || PythonText.Repr(m.Value) == PythonText.Repr(value.Value))))
                bits |= 1L << bit;
        }
        return [JsonValues.Of(bits)];
    }
}

/// <summary>The absolute difference of exactly two times, in seconds; null otherwise.</summary>
internal sealed class TimedeltaPlugin : FieldPlugin
{
    public override IEnumerable<JsonElement> Apply(IReadOnlyList<PathMatch> matches)
    {
        if (matches.Count != 2
            || SampleFields.Instant(PythonText.Of(matches[0].Value)) is not { } start
            || SampleFields.Instant(PythonText.Of(matches[1].Value)) is not { } end)
            return [JsonValues.Null];
        return [JsonValues.Of(Math.Abs(end - start) / 1e6)];
    }
}

/// <summary>Another value for each known one, the default for all others.</summary>
internal sealed class MapPlugin(Dictionary<string, JsonElement> values, JsonElement @default) : FieldPlugin
{
    public override bool GivesMany => true;

    public static MapPlugin Of(YamlValue parameters)
    {
        parameters.AllowOnly("values", "default", "case_sensitive");
        var caseSensitive = parameters["case_sensitive"]?.Boolean() ?? true;
        var values = new Dictionary<string, JsonElement>(caseSensitive ? StringComparer.Ordinal : StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in parameters.Required("values").Entries())
        {
            if (!values.TryAdd(key, JsonValues.Of(value.Scalar())))
                throw value.Error($"'{key}' is there twice when case does not count.");
        }
        return new(values, JsonValues.Of(parameters["default"]?.Scalar()));
    }

    public override IEnumerable<JsonElement> Apply(IReadOnlyList<PathMatch> matches) =>
        matches.Select(m => values.GetValueOrDefault(PythonText.Of(m.Value), @default));
}
