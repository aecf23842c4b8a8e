using System.Text.Json;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>A part of a path: from one match to others.</summary>
internal abstract class PathNode
{
    /// <summary>The keys that lead from the root to the one place the node finds; null where it is not as simple as that.</summary>
    public virtual IReadOnlyList<string>? Keys => null;

    /// <param name="search">Holds what <c>$</c> means, and counts the steps.</param>
    /// <param name="current">What the node starts from.</param>
    public abstract IEnumerable<PathMatch> Find(PathSearch search, PathMatch current);
}

/// <summary><c>$</c></summary>
internal sealed class RootNode : PathNode
{
    public override IReadOnlyList<string>? Keys => [];

    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => [search.Root];
}

/// <summary><c>@</c> and <c>`this`</c></summary>
internal sealed class ThisNode : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => [current];
}

/// <summary><c>a.b</c>: the second part starts from each match of the first.</summary>
internal sealed class ChildNode(PathNode left, PathNode right) : PathNode
{
    public override IReadOnlyList<string>? Keys => left.Keys is { } keys && right is FieldsNode && right.Keys is { } key ? [.. keys, .. key] : null;

    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        foreach (var match in left.Find(search, current))
        {
            search.Step();
            foreach (var found in right.Find(search, match))
                yield return found;
        }
    }
}

/// <summary><c>(a)|(b)</c>: the matches of all parts, in their order.</summary>
internal sealed class UnionNode(IReadOnlyList<PathNode> parts) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => parts.SelectMany(p => p.Find(search, current));
}

/// <summary><c>name</c>, <c>'quoted name'</c> and <c>a,b</c></summary>
internal sealed class FieldsNode(IReadOnlyList<string> names) : PathNode
{
    public override IReadOnlyList<string>? Keys => names.Count == 1 ? names : null;

    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.Object)
            yield break;
        foreach (var name in names)
        {
            if (current.Value.TryGetProperty(name, out var value))
                yield return new(value, current, name);
        }
    }
}

/// <summary><c>*</c>: all values of an object.</summary>
internal sealed class WildcardNode : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => current.Value.ValueKind == JsonValueKind.Object
        ? current.Value.EnumerateObject().Select(p => new PathMatch(p.Value, current, p.Name))
        : [];
}

/// <summary><c>[2]</c>, <c>[-1]</c>: an element of a list.</summary>
internal sealed class ElementNode(int index) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.Array)
            return [];
        var place = index < 0 ? index + current.Value.GetArrayLength() : index;
        return place >= 0 && place < current.Value.GetArrayLength() ? [new(current.Value[place], current, $"[{index}]")] : [];
    }
}

/// <summary><c>[*]</c>, <c>[1:3]</c>: elements of a list. Any other value but null counts as a list of itself.</summary>
internal sealed class SliceNode(int? from, int? to) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind == JsonValueKind.Null)
            yield break;
        var isList = current.Value.ValueKind == JsonValueKind.Array;
        var length = isList ? current.Value.GetArrayLength() : 1;
        var end = Math.Min(length, Place(to ?? length, length));
        for (var i = Place(from ?? 0, length); i < end; i++)
            yield return new(isList ? current.Value[i] : current.Value, current, $"[{i}]");
    }

    private static int Place(int index, int length) => index >= 0 ? index : Math.Max(0, index + length);
}

/// <summary><c>..name</c>: what the part finds anywhere below, outer places first.</summary>
internal sealed class DescendantsNode(PathNode left, PathNode right) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) =>
        left.Find(search, current).SelectMany(m => Below(search, m)).SelectMany(m => right.Find(search, m));

    private static IEnumerable<PathMatch> Below(PathSearch search, PathMatch match)
    {
        search.Step();
        yield return match;
        var children = match.Value.ValueKind switch
        {
            JsonValueKind.Object => match.Value.EnumerateObject().Select(p => new PathMatch(p.Value, match, p.Name)),
            JsonValueKind.Array => match.Value.EnumerateArray().Select((v, i) => new PathMatch(v, match, $"[{i}]")),
            _ => [],
        };
        foreach (var below in children.SelectMany(m => Below(search, m)))
            yield return below;
    }
}
