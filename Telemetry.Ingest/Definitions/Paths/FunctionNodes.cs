using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Domain;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary><c>`split(SEPARATOR, INDEX, MAX)`</c>: a part of a text, nothing where it has fewer; MAX -1 splits everywhere.</summary>
internal sealed class SplitNode(string separator, int index, int max) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.String)
            return [];
        var parts = current.Value.GetString()!.Split(separator, max < 0 ? int.MaxValue : max + 1);
        var place = index < 0 ? index + parts.Length : index;
        return place >= 0 && place < parts.Length ? [new(JsonValues.Of(parts[place]))] : [];
    }
}

/// <summary><c>`sub(/regex/, replacement)`</c></summary>
internal sealed class SubNode(Regex pattern, string replacement) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => current.Value.ValueKind == JsonValueKind.String
        ? [new(JsonValues.Of(pattern.Replace(current.Value.GetString()!, replacement)))]
        : [];
}

/// <summary><c>`len`</c>: of a text, list or object.</summary>
internal sealed class LengthNode : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => current.Value.ValueKind switch
    {
        JsonValueKind.String => [new(JsonValues.Of((long)current.Value.GetString()!.EnumerateRunes().Count()))],
        JsonValueKind.Array => [new(JsonValues.Of((long)current.Value.GetArrayLength()))],
        JsonValueKind.Object => [new(JsonValues.Of((long)current.Value.GetPropertyCount()))],
        _ => [],
    };
}

/// <summary><c>`sorted`</c>, <c>[/key, \other]</c>: the list in another order, by its elements or by keys of them, a backslash for descending.</summary>
internal sealed class SortNode(IReadOnlyList<(PathNode By, bool Descending)> keys) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.Array)
            return [];
        IEnumerable<JsonElement> elements = current.Value.EnumerateArray();
        if (keys.Count == 0)
            elements = elements.OrderBy(e => e, Values);
        foreach (var (by, descending) in keys.Reverse()) // OrderBy is stable: the last key first
        {
            JsonElement Key(JsonElement e) => by.Find(search, new(e)).FirstOrDefault()?.Value ?? JsonValues.Null;
            elements = descending ? elements.OrderByDescending(Key, Values) : elements.OrderBy(Key, Values);
        }
        return [new(JsonSerializer.SerializeToElement(elements))];
    }

    private static readonly Comparer<JsonElement> Values = Comparer<JsonElement>.Create(static (a, b) => (a.ValueKind, b.ValueKind) switch
    {
        (JsonValueKind.Number, JsonValueKind.Number) => PythonJson.Double(a).CompareTo(PythonJson.Double(b)),
        (JsonValueKind.String, JsonValueKind.String) => string.CompareOrdinal(a.GetString(), b.GetString()),
        var (x, y) => x != y ? x.CompareTo(y) : string.CompareOrdinal(a.GetRawText(), b.GetRawText()),
    });
}
