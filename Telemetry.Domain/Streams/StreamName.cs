namespace Telemetry.Domain.Streams;

/// <summary>A stream's name, <c>{category}-{id}</c>; the category has no dash, so that EventStoreDB's category streams work.</summary>
/// <remarks>At most 512 characters. Compared by ordinal.</remarks>
public readonly record struct StreamName
{
    private readonly string _name;

    /// <exception cref="ArgumentException">The category is empty or has a dash, the id is empty, or both together are too long.</exception>
    public StreamName(string category, string id)
    {
        if (string.IsNullOrEmpty(category) || category.Contains('-') || string.IsNullOrEmpty(id) || category.Length + id.Length > 511)
            throw new ArgumentException($"'{category}' and '{id}' make no stream name: it is CATEGORY-ID, without a dash in the category.");
        _name = $"{category}-{id}";
    }

    private StreamName(string name) => _name = name;

    public string Category => _name[.._name.IndexOf('-')];

    /// <summary>Null where the text is no stream name.</summary>
    public static StreamName? Parse(string name)
    {
        var dash = name.IndexOf('-');
        return dash > 0 && dash < name.Length - 1 && name.Length <= 512 ? new StreamName(name) : null;
    }

    public override string ToString() => _name;
}
