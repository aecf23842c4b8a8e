using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>The fields that the simple query of an endpoint knows, by the names that Ceilometer's messages list.</summary>
/// <param name="HasTimestamps">Whether <c>timestamp</c> and <c>search_offset</c> mean something.</param>
internal sealed record QueryFields(bool HasTimestamps, IReadOnlyDictionary<string, Field> Fields)
{
    /// <summary>No field of a row: says how meters are listed.</summary>
    public static readonly Field Unique = new("unique");

    private static readonly Dictionary<string, string> Aliases = new() { ["user_id"] = "user", ["project_id"] = "project", ["resource_id"] = "resource" };

    public static readonly QueryFields Samples = new(true, new Dictionary<string, Field>
    {
        ["user"] = Field.UserId,
        ["project"] = Field.ProjectId,
        ["resource"] = Field.ResourceId,
        ["meter"] = Field.Meter,
        ["source"] = Field.Source,
        ["message_id"] = Field.MessageId,
    });

    public static readonly QueryFields Resources = new(true, new Dictionary<string, Field>
    {
        ["user"] = Field.UserId,
        ["project"] = Field.ProjectId,
        ["resource"] = Field.ResourceId,
        ["source"] = Field.Source,
    });

    public static readonly QueryFields Meters = new(false, new Dictionary<string, Field>
    {
        ["user"] = Field.UserId,
        ["project"] = Field.ProjectId,
        ["resource"] = Field.ResourceId,
        ["source"] = Field.Source,
        ["unique"] = Unique,
    });

    public static readonly QueryFields AlarmHistory = new(true, new Dictionary<string, Field>
    {
        ["user"] = Field.UserId,
        ["project"] = Field.ProjectId,
        ["type"] = new("type"),
        ["severity"] = new("severity"),
    });

    /// <summary>The field that a name means, null where the endpoint knows none.</summary>
    public Field? Find(string name)
    {
        if (Metadata(name) is { } metadata)
            return metadata;
        return Fields.TryGetValue(Aliases.GetValueOrDefault(name, name), out var field) ? field : null;
    }

    /// <summary>All names in Python's list form, sorted, as messages show them.</summary>
    public string ValidKeys() => $"[{string.Join(", ", Names().Order(StringComparer.Ordinal).Select(n => $"'{n}'"))}]";

    /// <summary>The metadata key that a name means: <c>metadata.KEY</c> or <c>resource_metadata.KEY</c>; null for other names.</summary>
    public static Field? Metadata(string name)
    {
        foreach (var prefix in (ReadOnlySpan<string>)["metadata.", "resource_metadata."])
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return Field.Metadata(name[prefix.Length..]);
        }
        return null;
    }

    private IEnumerable<string> Names() => HasTimestamps ? [.. Fields.Keys, "timestamp", "search_offset"] : Fields.Keys;
}
