using System.Collections.Concurrent;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Definitions;

/// <summary>An entry of an <c>event_definitions.yaml</c>: which notifications it is for and which traits their events get.</summary>
/// <param name="EventTypes">Null for the one that catches all.</param>
/// <param name="Traits">The default ones first.</param>
internal sealed record EventDefinition(PatternList? EventTypes, IReadOnlyList<TraitDefinition> Traits)
{
    private static readonly TraitDefinition[] Defaults =
    [
        TraitDefinition.Text("service", "publisher_id"),
        TraitDefinition.Text("request_id", "ctxt.request_id"),
        TraitDefinition.Text("project_id", "payload.tenant_id", "ctxt.project_id"),
        TraitDefinition.Text("user_id", "payload.user_id", "ctxt.user_id"),
        TraitDefinition.Text("tenant_id", "payload.tenant_id", "ctxt.project_id"),
    ];

    /// <summary>For types that no entry is for.</summary>
    public static readonly EventDefinition CatchAll = new(null, Defaults);

    /// <exception cref="ConfigurationFileException">The entry is wrong.</exception>
    public static EventDefinition Read(YamlValue yaml)
    {
        yaml.AllowOnly("event_type", "traits");
        var traits = new OrderedDictionary<string, TraitDefinition>(Defaults.Select(d => KeyValuePair.Create(d.Name, d)));
        if (!yaml.Entries().ContainsKey("traits"))
            throw yaml.Error("'traits' is missing.");
        foreach (var (name, trait) in yaml["traits"]?.Entries() ?? new Dictionary<string, YamlValue>())
            traits[name] = TraitDefinition.Read(name, trait);
        return new(PatternList.Read(yaml.Required("event_type")), [.. traits.Values]);
    }
}

/// <summary>All definitions of telemetry events in use. Safe for use by many threads.</summary>
/// <remarks>Source: ceilometer/event/converter.py.</remarks>
internal sealed class EventDefinitions
{
    private const int MaxKnownTypes = 10_000;

    private readonly IReadOnlyList<EventDefinition> _definitions;
    private readonly ConcurrentDictionary<string, EventDefinition?> _byType = new();

    private EventDefinitions(IReadOnlyList<EventDefinition> definitions) => _definitions = definitions;

    public int Count => _definitions.Count;

    /// <param name="dropUnmatched">Whether notifications without a definition give no event, rather than one with the default traits.</param>
    /// <exception cref="ConfigurationFileException">The file is wrong.</exception>
    public static EventDefinitions Read(string file, string text, bool dropUnmatched = false)
    {
        var definitions = YamlValue.Parse(file, text).Items().Select(EventDefinition.Read).ToList();
        return new(dropUnmatched ? definitions : [EventDefinition.CatchAll, .. definitions]);
    }

    /// <summary>The last definition that a type matches; null where there is none.</summary>
    public EventDefinition? For(string eventType)
    {
        if (_byType.TryGetValue(eventType, out var found))
            return found;
        if (_byType.Count >= MaxKnownTypes) // types come from outside
            _byType.Clear();
        return _byType[eventType] = _definitions.LastOrDefault(d => d.EventTypes?.Matches(eventType) ?? true);
    }
}
