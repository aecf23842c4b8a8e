using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Queries;

/// <summary>Reads the order of a complex query: a JSON list of objects with one key each, <c>[{"field": "asc"}, {"other": "desc"}]</c>.</summary>
internal static class OrderExpression
{
    public const int MaxKeys = 50;

    /// <exception cref="ApiException">400: no such list.</exception>
    public static IReadOnlyList<SortKey> Parse(string text, ComplexFields fields)
    {
        try
        {
            var root = JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = FilterExpression.MaxDepth });
            JsonText.Demand(root);
            if (root.ValueKind != JsonValueKind.Array)
                throw Invalid($"{PythonText.Repr(root)} is not of type 'array'");
            if (root.GetArrayLength() > MaxKeys)
                throw Invalid($"it has {root.GetArrayLength()} keys, at most {MaxKeys} are allowed");
            return [.. root.EnumerateArray().Select(item => Key(item, fields))];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw Invalid(e.Message);
        }
    }

    private static SortKey Key(JsonElement item, ComplexFields fields)
    {
        if (item.ValueKind != JsonValueKind.Object || item.EnumerateObject().Count() != 1)
            throw Invalid($"{PythonText.Repr(item)} is no object with one key, a field");
        var only = item.EnumerateObject().Single();
        var field = fields.FindToSort(only.Name) ?? throw Invalid($"{PythonText.Quote(only.Name)} is no field");
        if (only.Value.ValueKind != JsonValueKind.String)
            throw Invalid($"{PythonText.Repr(only.Value)} is not of type 'string'");
        return only.Value.GetString()!.ToLowerInvariant() switch
        {
            "asc" => new(field, Descending: false),
            "desc" => new(field, Descending: true),
            _ => throw Invalid($"{PythonText.Repr(only.Value)} does not match '(?i)^asc$|^desc$'"),
        };
    }

    private static ApiException Invalid(string message) => ApiException.BadRequest($"Order-by expression not valid: {message}");
}
