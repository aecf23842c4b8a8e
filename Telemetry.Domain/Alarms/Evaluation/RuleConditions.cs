using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>The conditions of rules as filters on samples.</summary>
public static class RuleConditions
{
    /// <summary>One condition of a threshold rule.</summary>
    public static Predicate Of(QueryItem item) => SampleCondition.Of(item);

    /// <summary>The search expression of a gnocchi rule.</summary>
    public static Predicate OfSearch(string json) => ResourceSearch.Parse(json);
}
