using System.Buffers;
using System.Text.Json;
using Telemetry.Domain.Alarms;

namespace Telemetry.Api.GraphQL.Schema.Alarms;

/// <summary>Inputs as the bodies that REST's commands read: the same checks, defaults and texts follow from them.</summary>
internal static class AlarmBodies
{
    public static JsonElement Of(CreateAlarmInput input)
    {
        var members = new Dictionary<string, Action<Utf8JsonWriter>>
        {
            ["name"] = w => w.WriteStringValue(input.Name),
            ["enabled"] = w => w.WriteBooleanValue(input.Enabled),
            ["state"] = w => w.WriteStringValue(input.State.Name()),
            ["severity"] = w => w.WriteStringValue(NameOf(input.Severity)),
            ["repeat_actions"] = w => w.WriteBooleanValue(input.RepeatActions),
        };
        if (input.Description is { } description)
            members["description"] = w => w.WriteStringValue(description);
        if (input.ProjectId is { } project)
            members["project_id"] = w => w.WriteStringValue(project);
        if (input.UserId is { } user)
            members["user_id"] = w => w.WriteStringValue(user);
        AddRule(members, input.Rule);
        AddActions(members, input.Actions ?? []);
        AddConstraints(members, input.TimeConstraints ?? []);
        return Body(members);
    }

    /// <summary>The alarm as it is, with what the input changes.</summary>
    public static JsonElement Of(UpdateAlarmInput input, Alarm alarm)
    {
        var rule = alarm.Definition.Rule;
        var members = AlarmJson.Fields(alarm).Where(f => f.Key is not ("rule" or "alarm_id" or "timestamp" or "state_timestamp" or "state_reason"))
            .ToDictionary(f => f.Key, f => (Action<Utf8JsonWriter>)(w => w.WriteRawValue(f.Value)));
        if (alarm.Definition.Description == rule.DefaultDescription)
            members.Remove("description"); // the rule in words, whatever the rule will be
        members[$"{rule.Type}_rule"] = w => AlarmJson.WriteRule(w, rule);
        if (input.Name.HasValue)
            members["name"] = w => w.WriteStringValue(input.Name.Value);
        Change("description", input.Description.HasValue, input.Description.Value is { } description ? w => w.WriteStringValue(description) : null);
        Change("enabled", input.Enabled.HasValue, input.Enabled.Value is { } enabled ? w => w.WriteBooleanValue(enabled) : null);
        Change("severity", input.Severity.HasValue, input.Severity.Value is { } severity ? w => w.WriteStringValue(NameOf(severity)) : null);
        Change("repeat_actions", input.RepeatActions.HasValue, input.RepeatActions.Value is { } repeat ? w => w.WriteBooleanValue(repeat) : null);
        Change("project_id", input.ProjectId.HasValue, input.ProjectId.Value is { } project ? w => w.WriteStringValue(project) : null);
        Change("user_id", input.UserId.HasValue, input.UserId.Value is { } user ? w => w.WriteStringValue(user) : null);
        if (input.Rule.HasValue)
        {
            members.Remove($"{rule.Type}_rule");
            if (input.Rule.Value is { } given)
                AddRule(members, given);
        }
        if (input.Actions.HasValue)
            AddActions(members, input.Actions.Value ?? []);
        if (input.TimeConstraints.HasValue)
            AddConstraints(members, input.TimeConstraints.Value ?? []);
        return Body(members);

        void Change(string name, bool isGiven, Action<Utf8JsonWriter>? write)
        {
            if (isGiven && write is null)
                members.Remove(name); // back to the default
            else if (isGiven)
                members[name] = write!;
        }
    }

    private static JsonElement Body(Dictionary<string, Action<Utf8JsonWriter>> members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var (name, write) in members)
            {
                writer.WritePropertyName(name);
                write(writer);
            }
            writer.WriteEndObject();
        }
        var reader = new Utf8JsonReader(buffer.WrittenSpan, new JsonReaderOptions { MaxDepth = 256 });
        return JsonElement.ParseValue(ref reader);
    }

    private static void AddRule(Dictionary<string, Action<Utf8JsonWriter>> members, AlarmRuleInput rule)
    {
        var (type, write) = rule switch
        {
            { Threshold: { } r } => (ThresholdRule.Name, Leaf(r)),
            { GnocchiResource: { } r } => (GnocchiResourcesRule.Name, Leaf(r)),
            { GnocchiMetrics: { } r } => (GnocchiMetricsRule.Name, Leaf(r)),
            { GnocchiSearch: { } r } => (GnocchiSearchRule.Name, Leaf(r)),
            { Prometheus: { } r } => (PrometheusRule.Name, Leaf(r)),
            { Combination: { } r } => (CombinationRule.Name, w =>
            {
                w.WriteStartArray("alarm_ids");
                foreach (var id in r.Alarms)
                    w.WriteStringValue(GlobalIds.KeyOf(id, "Alarm"));
                w.WriteEndArray();
                w.WriteString("operator", NameOf(r.Operator));
            }
            ),
            { Event: { } r } => (EventRule.Name, w =>
            {
                w.WriteString("event_type", r.EventType);
                Write(w, r.Conditions);
            }
            ),
            { LoadBalancerHealth: { } r } => (LoadBalancerHealthRule.Name, w =>
            {
                w.WriteString("pool_id", r.PoolId);
                w.WriteString("stack_id", r.StackId);
                w.WriteString("autoscaling_group_id", r.AutoscalingGroupId);
            }
            ),
            { Composite: { } r } => (CompositeRule.Name, Group(r)),
            _ => throw Refused.BadInput("A rule is of one type."),
        };
        members["type"] = w => w.WriteStringValue(type);
        members[$"{type}_rule"] = w =>
        {
            w.WriteStartObject();
            write(w);
            w.WriteEndObject();
        };
    }

    private static Action<Utf8JsonWriter> Group(CompositeRuleInput rule) => w =>
    {
        w.WriteStartArray(NameOf(rule.Operator));
        foreach (var part in rule.Rules)
        {
            var (type, write) = part switch
            {
                { Threshold: { } r } => (ThresholdRule.Name, Leaf(r)),
                { GnocchiResource: { } r } => (GnocchiResourcesRule.Name, Leaf(r)),
                { GnocchiMetrics: { } r } => (GnocchiMetricsRule.Name, Leaf(r)),
                { GnocchiSearch: { } r } => (GnocchiSearchRule.Name, Leaf(r)),
                { Prometheus: { } r } => (PrometheusRule.Name, Leaf(r)),
                { Composite: { } r } => (null, Group(r)),
                _ => throw Refused.BadInput("A rule is of one type."),
            };
            w.WriteStartObject();
            if (type is not null)
                w.WriteString("type", type);
            write(w);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    };

    private static Action<Utf8JsonWriter> Leaf(ThresholdRuleInput rule) => w =>
    {
        w.WriteString("meter_name", rule.Meter);
        Write(w, rule.Comparison, rule.Threshold);
        w.WriteNumber("period", Seconds("period", rule.Period));
        w.WriteNumber("evaluation_periods", rule.EvaluationPeriods);
        w.WriteString("statistic", rule.Statistic.ToString().ToLowerInvariant());
        w.WriteBoolean("exclude_outliers", rule.ExcludeOutliers);
        Write(w, rule.Conditions);
    };

    private static Action<Utf8JsonWriter> Leaf(GnocchiResourceRuleInput rule) => w =>
    {
        w.WriteString("metric", rule.Metric);
        w.WriteString("resource_type", rule.ResourceType);
        w.WriteString("resource_id", rule.ResourceId);
        Write(w, rule.AggregationMethod, rule.Comparison, rule.Threshold, rule.Granularity, rule.EvaluationPeriods);
    };

    private static Action<Utf8JsonWriter> Leaf(GnocchiMetricsRuleInput rule) => w =>
    {
        w.WriteStartArray("metrics");
        foreach (var metric in rule.Metrics)
            w.WriteStringValue(metric);
        w.WriteEndArray();
        Write(w, rule.AggregationMethod, rule.Comparison, rule.Threshold, rule.Granularity, rule.EvaluationPeriods);
    };

    private static Action<Utf8JsonWriter> Leaf(GnocchiSearchRuleInput rule) => w =>
    {
        w.WriteString("metric", rule.Metric);
        w.WriteString("resource_type", rule.ResourceType);
        w.WriteString("query", rule.Search);
        Write(w, rule.AggregationMethod, rule.Comparison, rule.Threshold, rule.Granularity, rule.EvaluationPeriods);
    };

    private static Action<Utf8JsonWriter> Leaf(PrometheusRuleInput rule) => w =>
    {
        w.WriteString("query", rule.PromQl);
        Write(w, rule.Comparison, rule.Threshold);
    };

    private static void Write(Utf8JsonWriter w, string method, RuleComparison comparison, double threshold, TimeSpan granularity, int periods)
    {
        w.WriteString("aggregation_method", method);
        Write(w, comparison, threshold);
        w.WriteNumber("granularity", Seconds("granularity", granularity));
        w.WriteNumber("evaluation_periods", periods);
    }

    private static void Write(Utf8JsonWriter w, RuleComparison comparison, double threshold)
    {
        w.WriteNumber("threshold", threshold);
        w.WriteString("comparison_operator", NameOf(comparison));
    }

    private static void Write(Utf8JsonWriter w, IReadOnlyList<RuleConditionInput>? conditions)
    {
        w.WriteStartArray("query");
        foreach (var condition in conditions ?? [])
        {
            w.WriteStartObject();
            w.WriteString("field", condition.Field);
            w.WriteString("op", NameOf(condition.Op));
            w.WriteString("value", condition.Value);
            if (condition.Type is { } type)
                w.WriteString("type", NameOf(type));
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }

    private static void AddActions(Dictionary<string, Action<Utf8JsonWriter>> members, IReadOnlyList<AlarmActionInput> actions)
    {
        foreach (var (state, name) in ((AlarmState, string)[])[(AlarmState.Ok, "ok_actions"), (AlarmState.Alarm, "alarm_actions"), (AlarmState.InsufficientData, "insufficient_data_actions")])
        {
            members[name] = w =>
            {
                w.WriteStartArray();
                foreach (var action in actions.Where(a => a.On == state))
                    w.WriteStringValue(action.Url);
                w.WriteEndArray();
            };
        }
    }

    private static void AddConstraints(Dictionary<string, Action<Utf8JsonWriter>> members, IReadOnlyList<TimeConstraintInput> constraints) => members["time_constraints"] = w =>
    {
        w.WriteStartArray();
        foreach (var constraint in constraints)
        {
            w.WriteStartObject();
            w.WriteString("name", constraint.Name);
            if (constraint.Description is { } description)
                w.WriteString("description", description);
            w.WriteString("start", constraint.Start);
            w.WriteNumber("duration", Seconds("duration", constraint.Duration));
            w.WriteString("timezone", constraint.TimeZone);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    };

    private static long Seconds(string name, TimeSpan length) => length.Ticks % TimeSpan.TicksPerSecond == 0
        ? length.Ticks / TimeSpan.TicksPerSecond
        : throw Refused.BadInput($"\"{name}\" is of whole seconds, not {length.TotalSeconds} s.");

    private static string NameOf<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}
