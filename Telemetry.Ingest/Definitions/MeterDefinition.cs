using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Definitions;

/// <summary>What samples follow from a notification, as it stands in the file.</summary>
/// <param name="Volume">Any number, or a text that is one.</param>
/// <param name="Timestamp">A text; null where the notification's time counts.</param>
/// <param name="Metadata">Empty where the payload is the metadata.</param>
internal sealed record DefinedSample(
    JsonElement? Name, JsonElement? Type, JsonElement? Unit, JsonElement? Volume, JsonElement? ResourceId, JsonElement? ProjectId,
    JsonElement? UserId, JsonElement? Timestamp, IReadOnlyList<KeyValuePair<string, JsonElement>> Metadata, JsonElement? UserMetadata);

/// <summary>An entry of a <c>meters.yaml</c>: which notifications give samples of a meter, and where in them the values are.</summary>
/// <remarks>Source: the declarative meters of Ceilometer (ceilometer/meter/notifications.py).</remarks>
internal sealed class MeterDefinition
{
    private static readonly string[] Attributes = ["name", "type", "volume", "unit", "user_id", "project_id", "resource_id", "timestamp"];

    // Ceilometer's own texts. By the grammar "ctxt.a|ctxt.b" is ctxt.(a|ctxt).b, which finds nothing in the contexts that services
    // send; its samples are without an owner where a definition names none, and so are ours. docs/notifications.md
    private static readonly FieldSource ContextProject = FieldSource.Paths("ctxt.project_id|ctxt.tenant_id");
    private static readonly FieldSource ContextUser = FieldSource.Paths("ctxt.user_id|ctxt.user");

    private readonly Regex[] _eventTypes;
    private readonly Dictionary<string, FieldSource> _attributes;
    private readonly List<KeyValuePair<string, FieldSource>> _metadata;
    private readonly FieldSource? _userMetadata;
    private readonly HashSet<string> _lookup;

    private MeterDefinition(YamlValue yaml)
    {
        yaml.AllowOnly([.. Attributes, "event_type", "metadata", "user_metadata", "lookup"]);
        Name = yaml.Required("name").Text();
        _eventTypes = [.. yaml.Required("event_type").ItemsOrSelf().Select(EventType)];
        foreach (var required in (string[])["type", "unit", "volume", "resource_id"])
            yaml.Required(required);
        _lookup = [.. yaml["lookup"]?.ItemsOrSelf().Select(Lookup) ?? []];
        CheckType(yaml.Required("type"));
        _attributes = Attributes.Where(a => yaml[a] is not null).ToDictionary(
            a => a, a => a is "name" or "type" or "unit" ? FieldSource.ReadLiteral(yaml[a]!) : FieldSource.Read(yaml[a]!));
        foreach (var attribute in _lookup.Where(a => !_attributes.TryGetValue(a, out var source) || !source.GivesMany))
            throw yaml["lookup"]!.Error(_attributes.ContainsKey(attribute)
                ? $"'{attribute}' has a plugin that gives one value, so it cannot be looked up."
                : $"'{attribute}' is to be looked up but is missing.");
        _metadata = [.. yaml["metadata"]?.Entries().Select(e => KeyValuePair.Create(e.Key, FieldSource.Read(e.Value))) ?? []];
        _userMetadata = yaml["user_metadata"] is { } path ? FieldSource.Read(path) : null;
    }

    /// <summary>As it is written: a name, or the path of one.</summary>
    public string Name { get; }

    /// <exception cref="ConfigurationFileException">The entry is wrong.</exception>
    public static MeterDefinition Read(YamlValue yaml) => new(yaml);

    /// <exception cref="RegexMatchTimeoutException">A pattern takes too long on this type.</exception>
    public bool Matches(string eventType) => _eventTypes.Any(p => p.IsMatch(eventType));

    /// <summary>The samples that a notification gives.</summary>
    /// <exception cref="Paths.PathException">A path takes too long on this notification.</exception>
    /// <exception cref="MismatchedLookupException">It has another number of values than of names.</exception>
    public IReadOnlyList<DefinedSample> Samples(JsonElement notification)
    {
        var columns = Array.ConvertAll(Attributes, a => Column(a, notification));
        var metadata = new List<KeyValuePair<string, JsonElement>>(_metadata.Count);
        foreach (var (key, source) in _metadata)
        {
            if (source.First(notification) is { } value && Paths.JsonValues.IsTruthy(value))
                metadata.Add(new(key, value));
        }
        var userMetadata = _userMetadata?.First(notification);
        var count = columns[0].Length;
        for (var a = 0; a < columns.Length && count > 0; a++)
        {
            if (columns[a].Length != count && (columns[a].Length != 1 || _lookup.Contains(Attributes[a])))
                throw new MismatchedLookupException($"Of {count} samples {columns[a].Length} have a value for '{Attributes[a]}'.");
        }
        var samples = new DefinedSample[count];
        for (var i = 0; i < count; i++)
        {
            JsonElement? Value(int column) => columns[column][columns[column].Length == 1 ? 0 : i];
            samples[i] = new(Value(0), Value(1), Value(3), Value(2), Value(6), Value(5), Value(4), Value(7), metadata, userMetadata);
        }
        return samples;
    }

    private JsonElement?[] Column(string attribute, JsonElement notification)
    {
        var source = _attributes.GetValueOrDefault(attribute);
        if (_lookup.Count > 0 && source is not null)
        {
            var values = source.Values(notification);
            if (values.Count > 0 || attribute == "name" || _lookup.Contains(attribute))
                return [.. values.Select(v => (JsonElement?)v)];
        }
        return
        [
            source?.First(notification) ?? attribute switch
            {
                "project_id" => ContextProject.First(notification),
                "user_id" => ContextUser.First(notification),
                _ => null,
            },
        ];
    }

    private static Regex EventType(YamlValue yaml)
    {
        try
        {
            return BoundedRegex.Create(yaml.Text(), fromStart: true);
        }
        catch (ArgumentException e)
        {
            throw yaml.Error($"'{yaml.Text()}' is no regular expression: {e.Message}", e);
        }
    }

    private static string Lookup(YamlValue yaml) => Attributes.Contains(yaml.Text())
        ? yaml.Text()
        : throw yaml.Error($"'{yaml.Text()}' cannot be looked up; what can are {string.Join(", ", Attributes)}.");

    private void CheckType(YamlValue yaml)
    {
        if (!_lookup.Contains("type") && Domain.Metering.SampleTypes.Parse(yaml.Text()) is null)
            throw yaml.Error($"'{yaml.Text()}' is no type; a type is gauge, delta or cumulative, or a path where 'lookup' names it.");
    }
}

/// <summary>A notification does not have as many values as samples for an attribute that is looked up.</summary>
internal sealed class MismatchedLookupException(string message) : Exception(message);
