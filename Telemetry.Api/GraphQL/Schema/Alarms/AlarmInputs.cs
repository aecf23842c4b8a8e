using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>Which alarms; all conditions that are given hold.</summary>
internal sealed record AlarmFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<AlarmFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<AlarmFilterInput>? Or { get; init; }

    /// <summary>The id of the REST API.</summary>
    public StringOperationFilterInput? AlarmId { get; init; }

    /// <summary>The name.</summary>
    public StringOperationFilterInput? Name { get; init; }

    /// <summary>The kind of rule.</summary>
    public EnumOperationFilterInput<AlarmType>? Type { get; init; }

    /// <summary>The meter of a threshold rule.</summary>
    public StringOperationFilterInput? Meter { get; init; }

    /// <summary>The state.</summary>
    public EnumOperationFilterInput<AlarmState>? State { get; init; }

    /// <summary>The severity.</summary>
    public EnumOperationFilterInput<Severity>? Severity { get; init; }

    /// <summary>Whether it is evaluated.</summary>
    public BooleanOperationFilterInput? Enabled { get; init; }

    /// <summary>Whether its actions are repeated.</summary>
    public BooleanOperationFilterInput? RepeatActions { get; init; }

    /// <summary>The project that it belongs to.</summary>
    public StringOperationFilterInput? ProjectId { get; init; }

    /// <summary>The user that it belongs to.</summary>
    public StringOperationFilterInput? UserId { get; init; }

    /// <summary>When its definition was set last.</summary>
    public DateTimeOperationFilterInput? DefinedAt { get; init; }

    /// <summary>When its state was set last.</summary>
    public DateTimeOperationFilterInput? StateChangedAt { get; init; }
}

/// <summary>How alarms are sorted.</summary>
internal sealed record AlarmSortInput
{
    /// <summary>By name.</summary>
    public SortEnumType? Name { get; init; }

    /// <summary>By the kind of rule.</summary>
    public SortEnumType? Type { get; init; }

    /// <summary>By state.</summary>
    public SortEnumType? State { get; init; }

    /// <summary>By when the state was set last.</summary>
    public SortEnumType? StateChangedAt { get; init; }

    /// <summary>By severity, the least first.</summary>
    public SortEnumType? Severity { get; init; }

    /// <summary>By when the definition was set last.</summary>
    public SortEnumType? DefinedAt { get; init; }
}

/// <summary>Which changes.</summary>
internal sealed record AlarmChangeFilterInput
{
    /// <summary>When they happened.</summary>
    public DateTimeOperationFilterInput? At { get; init; }
}

/// <summary>An alarm by one of its ids.</summary>
/// <param name="Id">The `id` of this API.</param>
/// <param name="AlarmId">The id of the REST API.</param>
[OneOf]
internal sealed record AlarmByInput([property: ID] string? Id, string? AlarmId);

/// <summary>A rule: one of these.</summary>
/// <param name="Threshold">Statistics of a meter against a threshold.</param>
/// <param name="Combination">The states of other alarms.</param>
/// <param name="Event">A telemetry event that matches.</param>
/// <param name="GnocchiResource">A metric of one resource.</param>
/// <param name="GnocchiMetrics">Several metrics together.</param>
/// <param name="GnocchiSearch">A metric of all resources that a search finds.</param>
/// <param name="Prometheus">A PromQL expression.</param>
/// <param name="LoadBalancerHealth">The health of a load balancer's members.</param>
/// <param name="Composite">Rules under an operator.</param>
[OneOf]
internal sealed record AlarmRuleInput(
    ThresholdRuleInput? Threshold, CombinationRuleInput? Combination, EventRuleInput? Event, GnocchiResourceRuleInput? GnocchiResource,
    GnocchiMetricsRuleInput? GnocchiMetrics, GnocchiSearchRuleInput? GnocchiSearch, PrometheusRuleInput? Prometheus,
    LoadBalancerHealthRuleInput? LoadBalancerHealth, CompositeRuleInput? Composite);

/// <summary>A rule of a composite: one of these.</summary>
/// <param name="Threshold">Statistics of a meter against a threshold.</param>
/// <param name="GnocchiResource">A metric of one resource.</param>
/// <param name="GnocchiMetrics">Several metrics together.</param>
/// <param name="GnocchiSearch">A metric of all resources that a search finds.</param>
/// <param name="Prometheus">A PromQL expression.</param>
/// <param name="Composite">Rules under an operator.</param>
[OneOf]
internal sealed record SubRuleInput(
    ThresholdRuleInput? Threshold, GnocchiResourceRuleInput? GnocchiResource, GnocchiMetricsRuleInput? GnocchiMetrics, GnocchiSearchRuleInput? GnocchiSearch,
    PrometheusRuleInput? Prometheus, CompositeRuleInput? Composite);

/// <summary>Statistics of a meter against a threshold.</summary>
/// <param name="Meter">The meter's name.</param>
/// <param name="Comparison">A statistic for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Period">How long a period is, in whole seconds.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
/// <param name="Statistic">Of the samples of a period.</param>
/// <param name="ExcludeOutliers">Whether periods with an unusual number of samples are left out.</param>
/// <param name="Conditions">On the samples, as REST's query.</param>
internal sealed record ThresholdRuleInput(
    string Meter, RuleComparison Comparison, double Threshold, TimeSpan Period, int EvaluationPeriods = 1, Statistic Statistic = Statistic.Avg,
    bool ExcludeOutliers = false, IReadOnlyList<RuleConditionInput>? Conditions = null);

/// <summary>The states of other alarms.</summary>
/// <param name="Operator">How they are combined.</param>
/// <param name="Alarms">Theirs, by `id` or `alarmId`; at least two.</param>
internal sealed record CombinationRuleInput([property: ID] IReadOnlyList<string> Alarms, LogicalOperator Operator = LogicalOperator.And);

/// <summary>A telemetry event that matches.</summary>
/// <param name="EventType">A shell pattern.</param>
/// <param name="Conditions">On its traits.</param>
internal sealed record EventRuleInput(string EventType = "*", IReadOnlyList<RuleConditionInput>? Conditions = null);

/// <summary>A metric of one resource against a threshold.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="ResourceType">The resource's type.</param>
/// <param name="ResourceId">The resource's id.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is, in whole seconds.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
internal sealed record GnocchiResourceRuleInput(
    string Metric, string ResourceType, string ResourceId, string AggregationMethod, RuleComparison Comparison, double Threshold,
    [property: DefaultValueSyntax("\"PT1M\"")] TimeSpan Granularity, int EvaluationPeriods = 1);

/// <summary>Several metrics together against a threshold.</summary>
/// <param name="Metrics">The metrics' ids.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is, in whole seconds.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
internal sealed record GnocchiMetricsRuleInput(
    IReadOnlyList<string> Metrics, string AggregationMethod, RuleComparison Comparison, double Threshold,
    [property: DefaultValueSyntax("\"PT1M\"")] TimeSpan Granularity, int EvaluationPeriods = 1);

/// <summary>A metric of all resources that a search finds against a threshold.</summary>
/// <param name="Metric">The metric's name.</param>
/// <param name="ResourceType">The resources' type.</param>
/// <param name="Search">The search, JSON as text.</param>
/// <param name="AggregationMethod">Such as `mean` or `rate:mean`.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
/// <param name="Granularity">How long a period is, in whole seconds.</param>
/// <param name="EvaluationPeriods">How many periods in a row have to be outside.</param>
internal sealed record GnocchiSearchRuleInput(
    string Metric, string ResourceType, string Search, string AggregationMethod, RuleComparison Comparison, double Threshold,
    [property: DefaultValueSyntax("\"PT1M\"")] TimeSpan Granularity, int EvaluationPeriods = 1);

/// <summary>A PromQL expression against a threshold.</summary>
/// <param name="PromQl">The expression.</param>
/// <param name="Comparison">A value for which this holds is outside.</param>
/// <param name="Threshold">What it is compared with.</param>
internal sealed record PrometheusRuleInput(string PromQl, RuleComparison Comparison, double Threshold);

/// <summary>The health of a load balancer's members; stored, not evaluated.</summary>
/// <param name="PoolId">The pool.</param>
/// <param name="StackId">The stack that the members belong to.</param>
/// <param name="AutoscalingGroupId">The group that replaces members.</param>
internal sealed record LoadBalancerHealthRuleInput(string PoolId, string StackId, string AutoscalingGroupId);

/// <summary>Rules under an operator.</summary>
/// <param name="Operator">How they are combined.</param>
/// <param name="Rules">The rules.</param>
internal sealed record CompositeRuleInput(LogicalOperator Operator, IReadOnlyList<SubRuleInput> Rules);

/// <summary>One condition on samples or traits.</summary>
/// <param name="Field">A field of samples such as `resource_id` or `metadata.az`, or a trait.</param>
/// <param name="Op">How it is compared.</param>
/// <param name="Value">With what, as text.</param>
/// <param name="Type">What the value is read as; without it, as it looks.</param>
internal sealed record RuleConditionInput(string Field, string Value, RuleComparison Op = RuleComparison.Eq, ConditionType? Type = null);

/// <summary>What is called when a state is entered.</summary>
/// <param name="On">The state.</param>
/// <param name="Url">The action.</param>
internal sealed record AlarmActionInput(AlarmState On, string Url);

/// <summary>When in the week an alarm may be evaluated.</summary>
/// <param name="Name">Unique for the alarm.</param>
/// <param name="Description">For people.</param>
/// <param name="Start">A cron expression of five columns, or six with seconds last.</param>
/// <param name="Duration">How long after each start, in whole seconds.</param>
/// <param name="TimeZone">An IANA name; empty is UTC.</param>
internal sealed record TimeConstraintInput(string Name, string? Description, string Start, TimeSpan Duration, string TimeZone = "");

/// <summary>A new alarm; the defaults are REST's.</summary>
/// <param name="Name">Need not be unique.</param>
/// <param name="Description">For people; without it the rule in words.</param>
/// <param name="Enabled">Whether it is evaluated.</param>
/// <param name="State">What it begins with.</param>
/// <param name="Severity">How grave it is.</param>
/// <param name="Rule">When it fires.</param>
/// <param name="RepeatActions">Whether its actions are called again at every evaluation.</param>
/// <param name="Actions">What is called.</param>
/// <param name="TimeConstraints">When it may be evaluated; without any, always.</param>
/// <param name="ProjectId">Whose it is; without it the caller's. Another's only for admins.</param>
/// <param name="UserId">Whose it is; without it the caller's. Another's only for admins.</param>
internal sealed record CreateAlarmInput(
    string Name, AlarmRuleInput Rule, string? Description = null, bool Enabled = true, AlarmState State = AlarmState.InsufficientData, Severity Severity = Severity.Low,
    bool RepeatActions = false, IReadOnlyList<AlarmActionInput>? Actions = null, IReadOnlyList<TimeConstraintInput>? TimeConstraints = null,
    string? ProjectId = null, string? UserId = null);

/// <summary>What is to be different: what is absent stays, null goes back to the default.</summary>
internal sealed record UpdateAlarmInput
{
    /// <summary>The alarm, by `id` or `alarmId`.</summary>
    [ID]
    public required string Id { get; init; }

    /// <summary>Refuses the change where the alarm has another `version`; without it the last write wins.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>Need not be unique.</summary>
    public Optional<string?> Name { get; init; }

    /// <summary>For people.</summary>
    public Optional<string?> Description { get; init; }

    /// <summary>Whether it is evaluated.</summary>
    public Optional<bool?> Enabled { get; init; }

    /// <summary>How grave it is.</summary>
    public Optional<Severity?> Severity { get; init; }

    /// <summary>When it fires.</summary>
    public Optional<AlarmRuleInput?> Rule { get; init; }

    /// <summary>Whether its actions are called again at every evaluation.</summary>
    public Optional<bool?> RepeatActions { get; init; }

    /// <summary>What is called: all of it.</summary>
    public Optional<IReadOnlyList<AlarmActionInput>?> Actions { get; init; }

    /// <summary>When it may be evaluated: all of it.</summary>
    public Optional<IReadOnlyList<TimeConstraintInput>?> TimeConstraints { get; init; }

    /// <summary>Whose it is; only admins can give it away.</summary>
    public Optional<string?> ProjectId { get; init; }

    /// <summary>Whose it is; only admins can give it away.</summary>
    public Optional<string?> UserId { get; init; }
}

/// <summary>A state set by hand, until the next evaluation. Runs no actions.</summary>
/// <param name="Id">The alarm, by `id` or `alarmId`.</param>
/// <param name="State">The state.</param>
/// <param name="Reason">For people; without it REST's text.</param>
internal sealed record SetAlarmStateInput([property: ID] string Id, AlarmState State, string? Reason = null);

/// <summary>An alarm to delete.</summary>
/// <param name="Id">The alarm, by `id` or `alarmId`.</param>
/// <param name="ExpectedVersion">Refuses where the alarm has another `version`.</param>
internal sealed record DeleteAlarmInput([property: ID] string Id, long? ExpectedVersion = null);
