using System.Text.Json;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>A part of a path: from one match to others.</summary>
internal abstract class PathNode
{
    /// <param name="search">Holds what <c>$</c> means, and counts the steps.</param>
    /// <param name="current">What the node starts from.</param>
    public abstract IEnumerable<PathMatch> Find(PathSearch search, PathMatch current);
}

/// <summary><c>$</c></summary>
internal sealed class RootNode : PathNode
{
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

/// <summary><c>[*]</c>, <c>[2]</c>, <c>[-1]</c>, <c>[1:3]</c>: elements of a list.</summary>
internal sealed class ElementsNode(int? from, int? to, bool single) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.Array)
            yield break;
        var length = current.Value.GetArrayLength();
        var (first, end) = (Place(from ?? 0, length), single ? 0 : Place(to ?? length, length));
        if (single)
            end = first + 1;
        for (var i = Math.Max(0, first); i < Math.Min(end, length) && first >= 0; i++)
            yield return new(current.Value[i], current, $"[{(single ? from : i)}]");
    }

    // Before the start means nothing for an index and the start for a slice, as in Python.
    private int Place(int index, int length) => index >= 0 ? index : single ? index + length : Math.Max(0, index + length);
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
