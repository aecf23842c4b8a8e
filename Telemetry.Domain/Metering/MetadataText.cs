using System.Text.Json;

namespace Telemetry.Domain.Metering;

/// <summary>Metadata as Ceilometer's API shows it: flat, every value turned into the text that Python gives it.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/utils.py (flatten_metadata) and utils.py (recursive_keypairs, restore_nesting).</remarks>
internal static class MetadataText
{
    /// <summary>
    /// Nested keys are joined by dots; then the first dot or colon becomes a dot and all further ones, also those within keys,
    /// become colons: <c>{"a":{"b":{"c":1}}}</c> gives <c>a.b:c</c>. Empty objects vanish. Of keys that come out equal the last one's value stays.
    /// </summary>
    internal static IReadOnlyDictionary<string, string> Flatten(JsonElement root)
    {
        var flat = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            foreach (var (key, value) in Pairs(property.Name, property.Value))
                flat[Separate(key)] = value;
        }
        return flat;
    }

    private static IEnumerable<(string Key, string Value)> Pairs(string key, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            yield return (key, PythonText.Of(value));
            yield break;
        }
        foreach (var property in value.EnumerateObject())
        {
            foreach (var pair in Pairs($"{key}.{property.Name}", property.Value))
                yield return pair;
        }
    }

    private static string Separate(string key)
    {
        var first = key.AsSpan().IndexOfAny('.', ':');
        return first < 0 ? key : string.Concat(key.AsSpan(0, first), ".", key[(first + 1)..].Replace('.', ':'));
    }
}
