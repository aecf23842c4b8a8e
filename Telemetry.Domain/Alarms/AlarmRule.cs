using System.Text.Json;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>When an alarm fires. A closed family: one record a type of the API.</summary>
public abstract record AlarmRule
{
    private protected AlarmRule() { } // closed: only the records below

    /// <summary>The API's name of the type, such as <c>threshold</c>.</summary>
    public abstract string Type { get; }

    /// <summary>The text that describes an alarm whose owner wrote none.</summary>
    public virtual string DefaultDescription => $"{Type} alarm rule";
}

/// <summary>One condition on samples or traits, as the rule's owner wrote it.</summary>
/// <param name="Op">One of <see cref="AlarmNames.Comparisons"/>.</param>
/// <param name="ValueType">integer, float, string, boolean, datetime or empty; null where it was not given.</param>
public sealed record QueryItem(string Field, string Op, string Value, string? ValueType = null);

/// <summary>A rule that compares values of successive periods with a threshold: a leaf of composites.</summary>
public abstract record LeafRule : AlarmRule
{
    private protected LeafRule() { }

    public required double Threshold { get; init; }

    /// <summary>A value for which this holds is outside.</summary>
    public Comparison Comparison { get; init; } = Comparison.Equal;

    public bool IsOutside(double value) => Comparison switch
    {
        Comparison.Equal => value == Threshold,
        Comparison.NotEqual => value != Threshold,
        Comparison.Less => value < Threshold,
        Comparison.LessOrEqual => value <= Threshold,
        Comparison.Greater => value > Threshold,
        _ => value >= Threshold,
    };
}

/// <summary>The statistics of a threshold rule.</summary>
public enum AlarmStatistic
{
    Max,
    Min,
    Avg,
    Sum,
    Count,
}

/// <summary>Statistics of a meter against a threshold.</summary>
public sealed record ThresholdRule : LeafRule
{
    public const string Name = "threshold";
    public override string Type => Name;
    public required string MeterName { get; init; }
    public IReadOnlyList<QueryItem> Query { get; init; } = [];
    public int PeriodSeconds { get; init; } = 60;
    public int EvaluationPeriods { get; init; } = 1;
    public AlarmStatistic Statistic { get; init; } = AlarmStatistic.Avg;

    /// <summary>Whether periods with an unusual number of samples are dropped, and twice the time is looked at.</summary>
    public bool ExcludeOutliers { get; init; }

    public string StatisticName => Statistic.ToString().ToLowerInvariant();

    public override string DefaultDescription =>
        $"Alarm when {MeterName} is {Comparison.Name()} a {StatisticName} of {PythonText.Float(Threshold)} over {PeriodSeconds} seconds";
}

/// <summary>Points of a metric of granularity seconds each, aggregated by a method such as <c>mean</c> or <c>rate:mean</c>.</summary>
public abstract record GnocchiRule : LeafRule
{
    private protected GnocchiRule() { }

    public required string AggregationMethod { get; init; }
    public int EvaluationPeriods { get; init; } = 1;
    public int GranularitySeconds { get; init; } = 60;

    /// <summary>The project whose samples count, null where the owner is not limited. Stored, but never shown: the API has no name for it.</summary>
    public string? ScopeToProject { get; init; }
}

/// <summary>One metric of one resource.</summary>
public sealed record GnocchiResourcesRule : GnocchiRule
{
    public const string Name = "gnocchi_resources_threshold";
    public override string Type => Name;
    public required string Metric { get; init; }
    public required string ResourceId { get; init; }
    public required string ResourceType { get; init; }
}

/// <summary>Several metrics aggregated into one series.</summary>
public sealed record GnocchiMetricsRule : GnocchiRule
{
    public const string Name = "gnocchi_aggregation_by_metrics_threshold";
    public override string Type => Name;
    public required IReadOnlyList<string> Metrics { get; init; }
}

/// <summary>One metric of all resources that a search finds, aggregated into one series.</summary>
public sealed record GnocchiSearchRule : GnocchiRule
{
    public const string Name = "gnocchi_aggregation_by_resources_threshold";
    public override string Type => Name;
    public required string Metric { get; init; }
    public required string ResourceType { get; init; }

    /// <summary>A search expression, JSON text.</summary>
    public required string Query { get; init; }
}

/// <summary>A PromQL expression; every series it gives is one value.</summary>
public sealed record PrometheusRule : LeafRule
{
    public const string Name = "prometheus";
    public override string Type => Name;
    public required string Query { get; init; }

    /// <summary>The project that every selector is limited to, null where the owner is not limited.</summary>
    public string? ScopeToProject { get; init; }
}

/// <summary>How parts are combined.</summary>
public enum LogicalOperator
{
    /// <summary>All of them hold.</summary>
    And,

    /// <summary>One of them holds.</summary>
    Or,
}

/// <summary>The states of other alarms.</summary>
public sealed record CombinationRule : AlarmRule
{
    public const string Name = "combination";
    public override string Type => Name;

    /// <summary>At least two, each once.</summary>
    public required IReadOnlyList<string> AlarmIds { get; init; }
    public LogicalOperator Operator { get; init; } = LogicalOperator.And;
    public string OperatorName => Operator == LogicalOperator.And ? "and" : "or";
    public override string DefaultDescription => $"Combined state of alarms {string.Join($" {OperatorName} ", AlarmIds)}";
}

/// <summary>A telemetry event that matches.</summary>
public sealed record EventRule : AlarmRule
{
    public const string Name = "event";
    public override string Type => Name;

    /// <summary>A shell pattern: <c>*</c>, <c>?</c>, <c>[seq]</c>, <c>[!seq]</c>.</summary>
    public string EventType { get; init; } = "*";
    public IReadOnlyList<QueryItem> Query { get; init; } = [];
    public override string DefaultDescription => $"Alarm when {EventType} event occurred.";
}

/// <summary>The health of a load balancer pool's members. Stored and listed; it needs a load-balancing service to be evaluated.</summary>
public sealed record LoadBalancerHealthRule : AlarmRule
{
    public const string Name = "loadbalancer_member_health";
    public override string Type => Name;
    public required string PoolId { get; init; }
    public required string StackId { get; init; }
    public required string AutoscalingGroupId { get; init; }
}

/// <summary>Threshold-like rules under nested operators.</summary>
public sealed record CompositeRule(CompositeNode Root) : AlarmRule
{
    public const string Name = "composite";
    public override string Type => Name;

    /// <summary>The leaves depth first: <c>rule1</c>, <c>rule2</c> …</summary>
    public IEnumerable<LeafRule> Leaves() => Root.Leaves();
}

/// <summary>A node of a composite rule.</summary>
public abstract record CompositeNode
{
    private CompositeNode() { } // closed: only the records below

    public sealed record Leaf(LeafRule Rule) : CompositeNode;

    /// <summary><c>and</c> without parts is true, <c>or</c> without parts false.</summary>
    public sealed record Group(LogicalOperator Operator, IReadOnlyList<CompositeNode> Parts) : CompositeNode;

    public IEnumerable<LeafRule> Leaves() => this switch
    {
        Leaf leaf => [leaf.Rule],
        Group group => group.Parts.SelectMany(p => p.Leaves()),
        _ => [],
    };
}

/// <summary>The types of rules.</summary>
public static class AlarmRules
{
    /// <summary>In the order in which the API shows them.</summary>
    public static readonly IReadOnlyList<string> Types =
    [
        ThresholdRule.Name, CombinationRule.Name, EventRule.Name, GnocchiResourcesRule.Name, GnocchiMetricsRule.Name, GnocchiSearchRule.Name,
        PrometheusRule.Name, LoadBalancerHealthRule.Name, CompositeRule.Name,
    ];

    /// <summary>What a composite may hold.</summary>
    public static readonly IReadOnlyList<string> LeafTypes =
        [GnocchiMetricsRule.Name, GnocchiSearchRule.Name, GnocchiResourcesRule.Name, PrometheusRule.Name, ThresholdRule.Name];

    /// <summary>The JSON of a rule as text; two rules are the same where these are.</summary>
    public static string Json(this AlarmRule rule)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, AlarmJson.Options))
            AlarmJson.WriteRule(writer, rule);
        return System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
