using System.Text.Json;

namespace Telemetry.Ingest.Notifications;

/// <summary>What users attached to their instances for the sake of metering.</summary>
/// <remarks>Source: add_reserved_user_metadata in ceilometer/sample.py.</remarks>
internal static class UserMetadata
{
    /// <summary>
    /// The keys that are reserved for metering, their prefix taken off and their dots made underscores; but for those that the
    /// sample's metadata has already.
    /// </summary>
    /// <returns>Null where there are none.</returns>
    public static JsonElement? Select(JsonElement source, Func<string, bool> isTaken, NotificationOptions options)
    {
        if (source.ValueKind != JsonValueKind.Object)
            return null;
        var selected = new OrderedDictionary<string, object>();
        foreach (var prefix in options.ReservedNamespaces)
            Add(key => key.StartsWith(prefix, StringComparison.Ordinal) ? key[prefix.Length..] : null);
        foreach (var reserved in options.ReservedKeys)
            Add(key => key == reserved ? key : null);
        return selected.Count > 0 ? JsonSerializer.SerializeToElement(selected) : null;

        void Add(Func<string, string?> name)
        {
            foreach (var property in source.EnumerateObject())
            {
                if (name(property.Name)?.Replace('.', '_') is { } key && !isTaken(key))
                    selected[key] = property.Value.ValueKind == JsonValueKind.String ? Cut(property.Value.GetString()!, options.ReservedLength) : property.Value;
            }
        }
    }

    private static string Cut(string text, int length) => text.Length <= length ? text : string.Concat(text.EnumerateRunes().Take(length));
}
