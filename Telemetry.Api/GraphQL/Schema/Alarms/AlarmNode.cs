using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>Which kind of rule an alarm has.</summary>
internal enum AlarmType
{
    /// <summary>Statistics of a meter against a threshold.</summary>
    Threshold,

    /// <summary>The states of other alarms.</summary>
    Combination,

    /// <summary>A telemetry event that matches.</summary>
    Event,

    /// <summary>A metric of one resource.</summary>
    GnocchiResourcesThreshold,

    /// <summary>Several metrics together.</summary>
    GnocchiAggregationByMetricsThreshold,

    /// <summary>A metric of all resources that a search finds.</summary>
    GnocchiAggregationByResourcesThreshold,

    /// <summary>A PromQL expression.</summary>
    Prometheus,

    /// <summary>The health of a load balancer's members; stored, not evaluated.</summary>
    LoadbalancerMemberHealth,

    /// <summary>Rules under nested operators.</summary>
    Composite,
}

/// <summary>How grave an alarm is.</summary>
internal enum Severity
{
    /// <summary>The least.</summary>
    Low,

    /// <summary>In between.</summary>
    Moderate,

    /// <summary>The most.</summary>
    Critical,
}

/// <summary>What is called when a state is entered.</summary>
/// <param name="On">The state.</param>
/// <param name="Url">The action.</param>
internal sealed record AlarmAction(AlarmState On, string Url);

/// <summary>When in the week an alarm may be evaluated.</summary>
/// <param name="Name">Unique for the alarm.</param>
/// <param name="Description">For people.</param>
/// <param name="Start">A cron expression of five columns, or six with seconds last.</param>
/// <param name="Duration">How long after each start.</param>
/// <param name="TimeZone">An IANA name; empty is UTC.</param>
[GraphQLName("TimeConstraint")]
internal sealed record TimeConstraintView(string Name, string? Description, string Start, TimeSpan Duration, string TimeZone);

/// <summary>Watches something and calls actions when its state changes.</summary>
/// <param name="alarm">As its events make it.</param>
[Node(IdField = nameof(Key))]
[GraphQLName("Alarm")]
internal sealed class AlarmNode(Alarm alarm)
{
    [GraphQLIgnore]
    public Alarm Alarm => alarm;

    /// <summary>Opaque, of this alarm alone.</summary>
    public string Key => alarm.Id;

    /// <summary>The id by which the REST API knows it.</summary>
    public string AlarmId => alarm.Id;

    /// <summary>Not unique.</summary>
    public string? Name => alarm.Definition.Name;

    /// <summary>For people.</summary>
    public string? Description => alarm.Definition.Description;

    /// <summary>Which kind of rule it has.</summary>
    public AlarmType Type => (AlarmType)AlarmRules.Types.ToList().IndexOf(alarm.Definition.Rule.Type);

    /// <summary>Whether it is evaluated.</summary>
    public bool Enabled => alarm.Definition.IsEnabled;

    /// <summary>How grave it is.</summary>
    public Severity Severity => (Severity)alarm.Definition.Severity;

    /// <summary>The project that it belongs to.</summary>
    public string? ProjectId => alarm.Definition.ProjectId;

    /// <summary>The user that it belongs to.</summary>
    public string? UserId => alarm.Definition.UserId;

    /// <summary>When its definition was set last.</summary>
    public DateTimeOffset DefinedAt => alarm.ChangedAt;

    /// <summary>What it says about what it watches.</summary>
    public AlarmState State => alarm.State;

    /// <summary>Why it is in this state.</summary>
    public string? StateReason => alarm.StateReason;

    /// <summary>When it was set to this state last.</summary>
    public DateTimeOffset StateChangedAt => alarm.StateChangedAt;

    /// <summary>When an evaluation told something last; before that, when it was created.</summary>
    public DateTimeOffset? EvaluatedAt => alarm.EvaluatedAt;

    /// <summary>When it fires.</summary>
    public RuleView Rule => RuleView.Of(alarm.Definition.Rule);

    /// <summary>Whether its actions are called again at every evaluation.</summary>
    public bool RepeatActions => alarm.Definition.Repeats;

    /// <summary>What is called, state by state.</summary>
    public IReadOnlyList<AlarmAction> Actions =>
        [.. Enum.GetValues<AlarmState>().SelectMany(state => alarm.Definition.ActionsOf(state).Select(url => new AlarmAction(state, url)))];

    /// <summary>When it may be evaluated; always where there are none.</summary>
    public IReadOnlyList<TimeConstraintView> TimeConstraints => [.. (alarm.Definition.TimeConstraints ?? []).Select(c =>
        new TimeConstraintView(c.Name ?? "", c.Description, c.Start, TimeSpan.FromSeconds(c.DurationSeconds), c.TimeZone))];

    /// <summary>How many events made it; for `expectedVersion`.</summary>
    public long Version => alarm.Version;
}
