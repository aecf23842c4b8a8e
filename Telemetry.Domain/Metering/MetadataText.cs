using System.Text.Json;

namespace Telemetry.Domain.Metering;

/// <summary>Metadata as Ceilometer's API shows it: flat, every value turned into the text that Python gives it.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/utils.py (flatten_metadata) and utils.py (recursive_keypairs, restore_nesting).</remarks>
internal static class MetadataText
{
    /// <summary>
    /// Nested keys are joined so that the first separator is a dot and all further ones, and all dots within keys, are colons:
    /// <c>{"a":{"b":{"c":1}}}</c> gives <c>a.b:c</c>. Empty objects vanish.
    /// </summary>
    public static IEnumerable<KeyValuePair<string, string>> Flatten(JsonElement root)
    {
        foreach (var property in root.EnumerateObject())
        {
            foreach (var (key, value) in Pairs(property.Name, property.Value))
                yield return new(Separate(key), value);
        }
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
        var first = key.IndexOf('.');
        return first < 0 ? key : string.Concat(key.AsSpan(0, first + 1), key[(first + 1)..].Replace('.', ':'));
    }
}
