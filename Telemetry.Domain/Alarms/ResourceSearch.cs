using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>Reads a search expression for resources, as the gnocchi rules hold it, as a filter on samples.</summary>
/// <remarks>Attributes of resources are what samples carry: id, owner, and metadata for every other name.</remarks>
internal static class ResourceSearch
{
    private static readonly string[] Comparisons = ["= == eq", "!= ≠ ne", "< lt", "<= ≤ le", "> gt", ">= ≥ ge"];
    private static readonly Comparison[] Meanings =
        [Comparison.Equal, Comparison.NotEqual, Comparison.Less, Comparison.LessOrEqual, Comparison.Greater, Comparison.GreaterOrEqual];

    /// <exception cref="AlarmRefusedException">It is no search expression.</exception>
    public static void Check(JsonElement search) => Parse(search, 0);

    /// <summary>The filter; selects nothing where the text is no search expression.</summary>
    public static Predicate Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return Parse(document.RootElement, 0);
        }
        catch (Exception e) when (e is JsonException or AlarmRefusedException)
        {
            return Predicate.False;
        }
    }

    private static Predicate Parse(JsonElement search, int depth)
    {
        if (search.ValueKind != JsonValueKind.Object || depth > AlarmLimits.MaxDepth)
            throw Invalid(search);
        if (search.EnumerateObject().ToList() is not [var only])
            return search.EnumerateObject().Any() ? throw Invalid(search) : Predicate.True;
        switch (only.Name.ToLowerInvariant())
        {
            case "and" or "∧" when only.Value.ValueKind == JsonValueKind.Array:
                return new Predicate.All(only.Value.EnumerateArray().Select(p => Parse(p, depth + 1)).ToList());
            case "or" or "∨" when only.Value.ValueKind == JsonValueKind.Array:
                return new Predicate.Any(only.Value.EnumerateArray().Select(p => Parse(p, depth + 1)).ToList());
            case "not":
                return new Predicate.Not(Parse(only.Value, depth + 1));
            case var op when only.Value.ValueKind == JsonValueKind.Object && only.Value.EnumerateObject().ToList() is [var attribute]:
                return Compare(search, op, FieldOf(attribute.Name), attribute.Value);
            default:
                throw Invalid(search);
        }
    }

    private static Predicate Compare(JsonElement search, string op, Field field, JsonElement value)
    {
        if (op == "like" && value.ValueKind == JsonValueKind.String)
        {
            var pattern = Regex.Escape(value.GetString()!).Replace("%", ".*", StringComparison.Ordinal).Replace("_", ".", StringComparison.Ordinal);
            return new Predicate.Matches(field, new Regex($"^{pattern}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline));
        }
        if (op == "in" && value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is > 0 and <= AlarmLimits.MaxItems)
            return new Predicate.OneOf(field, value.EnumerateArray().Select(v => ValueOf(search, v)).ToList());
        var index = Array.FindIndex(Comparisons, names => names.Split(' ').Contains(op));
        return index >= 0 ? new Predicate.Compare(field, Meanings[index], ValueOf(search, value)) : throw Invalid(search);
    }

    private static Field FieldOf(string attribute) => attribute switch
    {
        "id" or "original_resource_id" => Field.ResourceId,
        "project_id" or "created_by_project_id" => Field.ProjectId,
        "user_id" or "created_by_user_id" => Field.UserId,
        _ => Field.Metadata(attribute),
    };

    private static QueryValue ValueOf(JsonElement search, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => QueryValue.Of(value.GetString()),
        JsonValueKind.True => QueryValue.Of(true),
        JsonValueKind.False => QueryValue.Of(false),
        JsonValueKind.Null => QueryValue.Null,
        JsonValueKind.Number => value.TryGetInt64(out var integer) ? QueryValue.Of(integer) : QueryValue.Of(value.GetDouble()),
        _ => throw Invalid(search),
    };

    private static AlarmRefusedException Invalid(JsonElement search) => AlarmRefusedException.InvalidInput("rule/query", search.GetRawText(), "");
}
