using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Ingest.Definitions.Paths;

/// <summary>A number or text in a calculation.</summary>
internal sealed class ConstantNode(JsonElement value) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current) => [new(value)];
}

/// <summary><c>a + b</c>, <c>a - b</c>, <c>a * b</c> of numbers; <c>+</c> joins texts, <c>-</c> takes a text off the end of another.</summary>
/// <remarks>
/// Match by match where both sides have as many; a constant goes with every match. Otherwise, and where the types do not fit,
/// nothing is found. Multiplication binds tighter, equals go from left to right. (jsonpath-rw-ext binds all to the right, which makes
/// the meter name of identity.authenticate impossible; no shipped definition of Ceilometer depends on that.)
/// </remarks>
internal sealed class ArithmeticNode(char @operator, PathNode left, PathNode right) : PathNode
{
    public override IEnumerable<PathMatch> Find(PathSearch search, PathMatch current)
    {
        var (a, b) = (left.Find(search, current).ToList(), right.Find(search, current).ToList());
        if (left is ConstantNode && b.Count > 0)
            a = [.. Enumerable.Repeat(a[0], b.Count)];
        if (right is ConstantNode && a.Count > 0)
            b = [.. Enumerable.Repeat(b[0], a.Count)];
        if (a.Count != b.Count)
            return [];
        var results = a.Zip(b, (x, y) => Apply(x.Value, y.Value)).ToList();
        return results.TrueForAll(r => r is not null) ? results.Select(r => new PathMatch(r!.Value)) : [];
    }

    private JsonElement? Apply(JsonElement a, JsonElement b)
    {
        if (a.ValueKind == JsonValueKind.String && b.ValueKind == JsonValueKind.String)
            return OfText(a.GetString()!, b.GetString()!);
        if (a.ValueKind != JsonValueKind.Number || b.ValueKind != JsonValueKind.Number)
            return null;
        if (JsonValues.IsInteger(a, out var i) && JsonValues.IsInteger(b, out var j))
        {
            var exact = @operator switch { '+' => (Int128)i + j, '-' => (Int128)i - j, _ => (Int128)i * j };
            if (exact >= long.MinValue && exact <= long.MaxValue)
                return JsonValues.Of((long)exact);
        }
        var (x, y) = (PythonJson.Double(a), PythonJson.Double(b));
        return JsonValues.Of(@operator switch { '+' => x + y, '-' => x - y, _ => x * y });
    }

    private JsonElement? OfText(string a, string b) => @operator switch
    {
        '+' => JsonValues.Of(a + b),
        '-' when a.EndsWith(b, StringComparison.Ordinal) => JsonValues.Of(a[..^b.Length]),
        _ => null,
    };
}
