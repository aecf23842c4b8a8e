using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.V2.Queries;

/// <summary>The conditions of <c>GET /v2/events</c>: four fixed fields, and traits by their names.</summary>
/// <remarks>Of several conditions on a fixed field the last counts. A zone of <c>start_timestamp</c> and <c>end_timestamp</c> is dropped, as everywhere in <c>q</c>. Source: ceilometer/api/controllers/v2/events.py (_event_query_to_event_filter) of 7.1.1.</remarks>
internal static class EventQuery
{
    private const string Operators = "('lt', 'le', 'eq', 'ne', 'ge', 'gt')";

    /// <exception cref="ApiException">400: an operator, a type or a value is wrong.</exception>
    public static Predicate Parse(IReadOnlyList<QueryCondition> conditions)
    {
        var fixedFields = new Dictionary<string, Predicate>();
        var traits = new List<Predicate>();
        foreach (var condition in conditions)
        {
            var comparison = ComparisonOf(condition.Op) ?? throw ApiException.BadRequest($"Operator {condition.Op} is not supported. The supported operators are: {Operators}");
            switch (condition.Field)
            {
                case "event_type":
                    fixedFields[condition.Field] = Fixed(condition, "eq", v => Predicate.Equal(TelemetryEventFields.EventType, v));
                    break;
                case "message_id":
                    fixedFields[condition.Field] = Fixed(condition, "eq", v => Predicate.Equal(TelemetryEventFields.MessageId, v));
                    break;
                case "start_timestamp":
                    fixedFields[condition.Field] = Fixed(condition, "ge", v => Generated(condition.Field, Comparison.GreaterOrEqual, v));
                    break;
                case "end_timestamp":
                    fixedFields[condition.Field] = Fixed(condition, "le", v => Generated(condition.Field, Comparison.LessOrEqual, v));
                    break;
                default:
                    traits.Add(Trait(condition, comparison));
                    break;
            }
        }
        return new Predicate.All([.. fixedFields.Values, .. traits]);
    }

    private static Predicate Fixed(QueryCondition condition, string op, Func<string, Predicate> predicate)
    {
        if (condition.Op != op)
            throw ApiException.BadRequest($"Operator {condition.Op} is not supported. Only `{op}' operator is available for field {condition.Field}");
        return condition.Value is { } value ? predicate(value) : Predicate.False;
    }

    private static Predicate.Compare Generated(string field, Comparison comparison, string text) => new Predicate.Compare(
        TelemetryEventFields.GeneratedAt, comparison,
        QueryValue.Instant(IsoTimestamp.Parse(text)?.Naive ?? throw ApiException.InvalidInput(field, text, "invalid timestamp format")));

    private static Predicate Trait(QueryCondition condition, Comparison comparison)
    {
        var type = TypedValue.TraitType(condition.Type);
        if (condition.Value is not { } text)
            return Predicate.False;
        var value = TypedValue.Parse(text, type.Name());
        var field = TelemetryEventFields.Trait(condition.Field, type);
        if (type != TraitType.Integer || value.Kind == ValueKind.Integer)
            return new Predicate.Compare(field, comparison, value);
        // Beyond all integers that a trait can be: every one is less, or every one is greater.
        var isMetByAll = comparison == Comparison.NotEqual || (comparison is Comparison.Less or Comparison.LessOrEqual) == value.Number > 0;
        return isMetByAll && comparison != Comparison.Equal ? new Predicate.Compare(field, Comparison.NotEqual, QueryValue.Null) : Predicate.False;
    }

    private static Comparison? ComparisonOf(string op) => op switch
    {
        "lt" => Comparison.Less,
        "le" => Comparison.LessOrEqual,
        "eq" => Comparison.Equal,
        "ne" => Comparison.NotEqual,
        "ge" => Comparison.GreaterOrEqual,
        "gt" => Comparison.Greater,
        _ => null,
    };
}
