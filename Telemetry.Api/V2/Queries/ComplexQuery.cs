using System.Numerics;
using System.Text.Json;
using Telemetry.Api.Auth;
using Telemetry.Api.V2.Calls;
using Telemetry.Domain;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>What the body of a complex query asks for: <c>{"filter": "...", "orderby": "...", "limit": n}</c>, all optional.</summary>
/// <param name="Filter">With the caller's scope.</param>
/// <param name="OrderBy">Empty: the default order.</param>
/// <param name="Limit">As asked for, null where the body has none.</param>
internal sealed record ComplexQuery(Predicate Filter, IReadOnlyList<SortKey> OrderBy, BigInteger? Limit)
{
    private static readonly string[] Attributes = ["filter", "orderby", "limit"];

    /// <param name="body">Null where the request had none.</param>
    /// <exception cref="ApiException">400, 401, 501.</exception>
    public static ComplexQuery Parse(JsonElement? body, ComplexFields fields, Scope scope)
    {
        if (body is not { ValueKind: not JsonValueKind.Null } query)
            throw ApiException.MissingArgument("body");
        if (query.ValueKind != JsonValueKind.Object)
            throw ApiException.InvalidInput("body", PythonText.Of(query), "It must be an object.");
        var unknown = query.EnumerateObject().Select(p => p.Name).Where(n => !Attributes.Contains(n)).ToList();
        if (unknown.Count > 0)
            throw ApiException.UnknownAttribute("body", string.Join(", ", unknown));
        var filterText = Text(query, "filter");
        var orderText = Text(query, "orderby");
        BigInteger? limit = Attribute(query, "limit") is { } given ? PythonInteger.Demand("limit", given) : null;
        var filter = string.IsNullOrEmpty(filterText) ? Predicate.True : FilterExpression.Parse(filterText, fields, scope);
        return new(scope.Limit(filter, fields.Visibility), string.IsNullOrEmpty(orderText) ? [] : OrderExpression.Parse(orderText, fields), limit);
    }

    private static string? Text(JsonElement query, string name) => Attribute(query, name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } text => text.GetString(),
        { } other => throw ApiException.InvalidInput(name, PythonText.Of(other), $"Wrong type. Expected '<class 'str'>', got '<class '{PythonText.TypeOf(other)}'>'"),
    };

    private static JsonElement? Attribute(JsonElement query, string name) =>
        query.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
