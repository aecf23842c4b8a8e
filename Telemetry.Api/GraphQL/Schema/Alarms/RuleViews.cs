using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Alarms;
using Comparisons = Telemetry.Domain.Queries.Comparison;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>How a value is compared.</summary>
[GraphQLName("Comparison")]
internal enum RuleComparison
{
    /// <summary>Less.</summary>
    Lt,

    /// <summary>Less or equal.</summary>
    Le,

    /// <summary>Equal.</summary>
    Eq,

    /// <summary>Not equal.</summary>
    Ne,

    /// <summary>Greater or equal.</summary>
    Ge,

    /// <summary>Greater.</summary>
    Gt,
}

/// <summary>The statistics of a threshold rule.</summary>
internal enum Statistic
{
    /// <summary>The mean.</summary>
    Avg,

    /// <summary>The smallest volume.</summary>
    Min,

    /// <summary>The largest volume.</summary>
    Max,

    /// <summary>All volumes together.</summary>
    Sum,

    /// <summary>The number of samples.</summary>
    Count,
}

/// <summary>What a condition's value is read as.</summary>
internal enum ConditionType
{
    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>A number.</summary>
    Float,

    /// <summary>A text.</summary>
    String,

    /// <summary>A truth value.</summary>
    Boolean,

    /// <summary>An instant.</summary>
    [GraphQLName("DATETIME")]
    DateTime,
}

/// <summary>One condition on samples or traits.</summary>
/// <param name="Field">A field of samples such as `resource_id` or `metadata.az`, or a trait.</param>
/// <param name="Op">How it is compared.</param>
/// <param name="Value">With what, as text.</param>
/// <param name="Type">What the value is read as; null: as it looks.</param>
internal sealed record RuleCondition(string Field, RuleComparison Op, string Value, ConditionType? Type);

/// <summary>When an alarm fires.</summary>
/// <param name="Description">The rule in words: the text of an alarm whose owner wrote none.</param>
[InterfaceType("AlarmRule")]
internal abstract record RuleView(string Description)
{
    public static RuleView Of(AlarmRule rule) => rule switch
    {
        ThresholdRule r => new ThresholdRuleView(
            r.DefaultDescription, r.MeterName, Of(r.Comparison), r.Threshold, Seconds(r.PeriodSeconds), r.EvaluationPeriods,
            Enum.Parse<Statistic>(r.Statistic.ToString()), r.ExcludeOutliers, Of(r.Query)),
        CombinationRule r => new CombinationRuleView(r.DefaultDescription, r.Operator, r.AlarmIds),
        EventRule r => new EventRuleView(r.DefaultDescription, r.EventType, Of(r.Query)),
        GnocchiResourcesRule r => new GnocchiResourceRuleView(
            r.DefaultDescription, r.Metric, r.ResourceType, r.ResourceId, r.AggregationMethod, Of(r.Comparison), r.Threshold, Seconds(r.GranularitySeconds), r.EvaluationPeriods),
        GnocchiMetricsRule r => new GnocchiMetricsRuleView(
            r.DefaultDescription, r.Metrics, r.AggregationMethod, Of(r.Comparison), r.Threshold, Seconds(r.GranularitySeconds), r.EvaluationPeriods),
        GnocchiSearchRule r => new GnocchiSearchRuleView(
            r.DefaultDescription, r.Metric, r.ResourceType, r.Query, r.AggregationMethod, Of(r.Comparison), r.Threshold, Seconds(r.GranularitySeconds), r.EvaluationPeriods),
        PrometheusRule r => new PrometheusRuleView(r.DefaultDescription, r.Query, Of(r.Comparison), r.Threshold),
        LoadBalancerHealthRule r => new LoadBalancerHealthRuleView(r.DefaultDescription, r.PoolId, r.StackId, r.AutoscalingGroupId),
        CompositeRule { Root: CompositeNode.Group root } r => Of(root, r.DefaultDescription),
        CompositeRule r => new CompositeRuleView(r.DefaultDescription, LogicalOperator.And, [.. r.Leaves().Select(Of)]),
        _ => throw new ArgumentException($"{rule.GetType().Name} has no view.", nameof(rule)),
    };

    private static CompositeRuleView Of(CompositeNode.Group group, string description) => new(description, group.Operator, [.. group.Parts.Select(part => part switch
    {
        CompositeNode.Leaf leaf => Of(leaf.Rule),
        CompositeNode.Group inner => Of(inner, description),
        _ => throw new ArgumentException($"{part.GetType().Name} has no view.", nameof(group)),
    })]);

    public static RuleComparison Of(Comparisons comparison) => Enum.Parse<RuleComparison>(comparison.Name(), ignoreCase: true);

    private static IReadOnlyList<RuleCondition> Of(IReadOnlyList<QueryItem> query) => [.. query.Select(q => new RuleCondition(
        q.Field, Enum.Parse<RuleComparison>(q.Op, ignoreCase: true), q.Value, Enum.TryParse<ConditionType>(q.ValueType, ignoreCase: true, out var type) ? type : null))];

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);
}

/// <summary>Statistics of a meter against a threshold.</summary>
/// <param name="MeterName">The meter's name.</param>
/// <param name="Comparison">A statistic for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Period">How long a period is.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
/// <param name="Statistic">Of the samples of a period.</param>
/// <param name="ExcludeOutliers">Whether periods with an unusual number of samples are left out.</param>
/// <param name="Conditions">On the samples.</param>
[GraphQLName("ThresholdRule")]
internal sealed record ThresholdRuleView(
    string Description, string MeterName, RuleComparison Comparison, double Threshold, TimeSpan Period, int EvaluationPeriods, Statistic Statistic,
    bool ExcludeOutliers, IReadOnlyList<RuleCondition> Conditions) : RuleView(Description);

/// <summary>The states of other alarms.</summary>
/// <param name="Operator">How they are combined.</param>
/// <param name="AlarmIds">Theirs, as the REST API knows them.</param>
[GraphQLName("CombinationRule")]
internal sealed record CombinationRuleView(string Description, LogicalOperator Operator, IReadOnlyList<string> AlarmIds) : RuleView(Description);

/// <summary>A telemetry event that matches.</summary>
/// <param name="EventType">A shell pattern: `*`, `?`, `[seq]`, `[!seq]`.</param>
/// <param name="Conditions">On its traits.</param>
[GraphQLName("EventRule")]
internal sealed record EventRuleView(string Description, string EventType, IReadOnlyList<RuleCondition> Conditions) : RuleView(Description);

/// <summary>A metric of one resource against a threshold.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="ResourceType">The resource's type.</param>
/// <param name="ResourceId">The resource's id.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
[GraphQLName("GnocchiResourceRule")]
internal sealed record GnocchiResourceRuleView(
    string Description, string Metric, string ResourceType, string ResourceId, string AggregationMethod, RuleComparison Comparison, double Threshold,
    TimeSpan Granularity, int EvaluationPeriods) : RuleView(Description);

/// <summary>Several metrics together against a threshold.</summary>
/// <param name="Metrics">The metrics' ids.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
[GraphQLName("GnocchiMetricsRule")]
internal sealed record GnocchiMetricsRuleView(
    string Description, IReadOnlyList<string> Metrics, string AggregationMethod, RuleComparison Comparison, double Threshold, TimeSpan Granularity,
    int EvaluationPeriods) : RuleView(Description);

/// <summary>A metric of all resources that a search finds against a threshold.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="ResourceType">The resources' type.</param>
/// <param name="Search">The search, JSON as text.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
[GraphQLName("GnocchiSearchRule")]
internal sealed record GnocchiSearchRuleView(
    string Description, string Metric, string ResourceType, string Search, string AggregationMethod, RuleComparison Comparison, double Threshold,
    TimeSpan Granularity, int EvaluationPeriods) : RuleView(Description);

/// <summary>A PromQL expression against a threshold.</summary>
/// <param name="PromQl">The expression.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
[GraphQLName("PrometheusRule")]
internal sealed record PrometheusRuleView(string Description, string PromQl, RuleComparison Comparison, double Threshold) : RuleView(Description);

/// <summary>The health of a load balancer's members; stored, not evaluated.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="StackId">The stack that the members belong to.</param>
/// <param name="AutoscalingGroupId">The group that replaces members.</param>
[GraphQLName("LoadBalancerHealthRule")]
internal sealed record LoadBalancerHealthRuleView(string Description, string PoolId, string StackId, string AutoscalingGroupId) : RuleView(Description);

/// <summary>Rules under an operator.</summary>
/// <param name="Operator">How they are combined.</param>
/// <param name="Rules">Rules that compare with a threshold, and further composites.</param>
[GraphQLName("CompositeRule")]
internal sealed record CompositeRuleView(string Description, LogicalOperator Operator, IReadOnlyList<RuleView> Rules) : RuleView(Description);
