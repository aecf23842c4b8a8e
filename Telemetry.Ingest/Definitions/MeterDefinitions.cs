using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Telemetry.Ingest.Configuration;

namespace Telemetry.Ingest.Definitions;

/// <summary>All definitions of meters in use. Safe for use by many threads.</summary>
internal sealed class MeterDefinitions
{
    private const int MaxKnownTypes = 10_000;

    private readonly IReadOnlyList<MeterDefinition> _definitions;
    private readonly ConcurrentDictionary<string, MeterDefinition[]> _byType = new();

    private MeterDefinitions(IReadOnlyList<MeterDefinition> definitions) => _definitions = definitions;

    public int Count => _definitions.Count;

    /// <summary>Reads files; of equal names the first file's definition counts, and in one file the last.</summary>
    /// <exception cref="ConfigurationFileException">A file is wrong.</exception>
    public static MeterDefinitions Read(params IEnumerable<(string File, string Text)> files)
    {
        var definitions = new OrderedDictionary<string, MeterDefinition>();
        foreach (var (file, text) in files)
        {
            var yaml = YamlValue.Parse(file, text);
            yaml.AllowOnly("metric");
            foreach (var definition in yaml.Required("metric").Items().Select(MeterDefinition.Read).Reverse().ToList())
                definitions.TryAdd(definition.Name, definition);
        }
        return new([.. definitions.Values]);
    }

    /// <summary>The definitions that a type of notification matches, the last one of a file first, as Ceilometer takes them.</summary>
    /// <param name="problem">Told which patterns take too long on this type, when it comes for the first time; they do not match.</param>
    public IReadOnlyList<MeterDefinition> For(string eventType, Action<string> problem)
    {
        if (_byType.TryGetValue(eventType, out var found))
            return found;
        if (_byType.Count >= MaxKnownTypes) // types come from outside
            _byType.Clear();
        return _byType[eventType] = [.. _definitions.Where(Matches)];

        bool Matches(MeterDefinition definition)
        {
            try
            {
                return definition.Matches(eventType);
            }
            catch (RegexMatchTimeoutException e)
            {
                problem($"Meter '{definition.Name}': the pattern '{e.Pattern}' takes too long on the type '{eventType}'.");
                return false;
            }
        }
    }
}
