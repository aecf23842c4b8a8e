using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary><c>[?(@.name='v' &amp; @.size > 3)]</c>: the elements of a list for which all conditions hold.</summary>
internal sealed class FilterNode(IReadOnlyList<FilterCondition> conditions) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        if (current.Value.ValueKind != JsonValueKind.Array)
            yield break;
        var index = 0;
        foreach (var element in current.Value.EnumerateArray())
        {
            search.Step();
            var match = new PathMatch(element, current, $"[{index++}]");
            if (conditions.All(c => c.Holds(search, match)))
                yield return match;
        }
    }
}

/// <summary>A comparison with a constant; without an operator, whether the path finds anything.</summary>
/// <param name="Operator">One of <c>=</c>, <c>==</c>, <c>!=</c>, <c>&lt;</c>, <c>&lt;=</c>, <c>&gt;</c>, <c>&gt;=</c>; or null.</param>
internal sealed record FilterCondition(PathNode Path, string? Operator, JsonElement Constant)
{
    public bool Holds(PathSearch search, PathMatch element)
    {
        foreach (var match in Path.Find(search, element))
        {
            if (Operator is null || Compare(match.Value))
                return true;
        }
        return false;
    }

    // Text and number never compare: they are unequal, and neither is less.
    private bool Compare(JsonElement value)
    {
        if (value.ValueKind != Constant.ValueKind)
            return Operator == "!=";
        var order = value.ValueKind switch
        {
            JsonValueKind.Number => PythonJson.Double(value).CompareTo(PythonJson.Double(Constant)),
            JsonValueKind.String => string.CompareOrdinal(value.GetString(), Constant.GetString()),
            _ => 1,
        };
        return Operator switch
        {
            "=" or "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }
}
