using Telemetry.Api.Auth;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>What a <c>q</c> argument selects for one caller.</summary>
/// <param name="Filter">The conditions and the caller's scope; without bounds on the timestamp, which stand in <paramref name="Times"/>.</param>
/// <param name="IsUnique">What a condition on <c>unique</c> says; null without one.</param>
internal sealed record SimpleQuery(Predicate Filter, QueryTimes Times, bool? IsUnique)
{
    /// <summary>The whole condition, timestamps included.</summary>
    public Predicate Predicate => Predicate.And(Times.Predicate, Filter);

    /// <summary>Checks conditions in the order in which Ceilometer does; the first fault is the answer.</summary>
    /// <remarks>Source: ceilometer/api/controllers/v2/utils.py (validate_query, query_to_kwargs) of 9.0.7.</remarks>
    /// <param name="fields">What the endpoint knows.</param>
    /// <param name="scope">Of the caller.</param>
    /// <param name="meter">The meter of the path, which conditions on <c>meter</c> cannot change; null where the path names none.</param>
    /// <exception cref="ApiException">400 for what the endpoint does not know, 401 for another project.</exception>
    public static SimpleQuery Parse(IReadOnlyList<QueryCondition> conditions, QueryFields fields, Scope scope, string? meter = null)
    {
        foreach (var condition in conditions.Where(c => c.Field is "project" or "project_id"))
            scope.Demand(condition.Value ?? "Unset");
        DemandTimes(conditions, fields);
        var filter = new List<Predicate>();
        if (meter is not null)
            filter.Add(Predicate.Equal(Field.Meter, meter));
        bool? unique = null;
        foreach (var condition in conditions)
        {
            if (condition.Field is "timestamp" or "search_offset")
            {
                if (condition.Value is null)
                    filter.Add(Predicate.False);
                continue;
            }
            var field = fields.Find(condition.Field) ?? throw ApiException.UnknownArgument(
                condition.Field, $"unrecognized field in query: [{string.Join(", ", conditions)}], valid keys: {fields.ValidKeys()}");
            if (condition.Op != "eq")
                throw UnimplementedOperator(condition);
            if (field == QueryFields.Unique)
                unique = condition.Value is { } text && TypedValue.Boolean(text) == true;
            else if (meter is null || field != Field.Meter)
                filter.Add(Equal(field, condition));
        }
        return new(scope.Limit(All(filter)), QueryTimes.Of(conditions), unique);
    }

    private static void DemandTimes(IReadOnlyList<QueryCondition> conditions, QueryFields fields)
    {
        foreach (var condition in conditions.Where(c => c.Field is "timestamp" or "search_offset").OrderByDescending(c => c.Field, StringComparer.Ordinal))
        {
            if (!fields.HasTimestamps)
                throw ApiException.UnknownArgument(condition.Field, "not valid for this resource");
            var known = condition.Field == "timestamp" ? condition.Op is "lt" or "le" or "gt" or "ge" : condition.Op == "eq";
            if (!known)
                throw UnimplementedOperator(condition);
        }
        if (conditions.Any(c => c.Field == "search_offset") && !conditions.Any(c => c.Field == "timestamp"))
            throw ApiException.InvalidInput("field", "search_offset", "search_offset cannot be used without timestamp");
    }

    private static Predicate Equal(Field field, QueryCondition condition)
    {
        if (condition.Value is not { } value)
            return Predicate.False;
        if (field.IsMetadata)
            return new Predicate.Compare(field, Comparison.Equal, TypedValue.Parse(value, condition.Type));
        var asksForNone = value == "None" && (field == Field.UserId || field == Field.ProjectId);
        return Predicate.Equal(field, asksForNone ? null : value);
    }

    private static Predicate All(List<Predicate> conditions) => conditions switch
    {
        [] => Predicate.True,
        [var only] => only,
        _ => new Predicate.All(conditions),
    };

    private static ApiException UnimplementedOperator(QueryCondition condition) =>
        ApiException.InvalidInput("op", condition.Op, $"unimplemented operator for {condition.Field}");
}
