using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>Reads rules and time constraints from JSON, that of clients and that of stored events: types, ranges and defaults. What they mean is checked elsewhere.</summary>
internal static class AlarmRuleReader
{
    public static readonly IReadOnlyList<string> Statistics = ["max", "min", "avg", "sum", "count"];
    private static readonly IReadOnlyList<string> Operators = ["and", "or"];
    private static readonly IReadOnlyList<string> QueryAttributes = ["field", "op", "value", "type"];
    private static readonly IReadOnlyList<string> ConstraintAttributes = ["name", "description", "start", "duration", "timezone"];
    private static readonly IReadOnlyList<string> CompositeGroup = ["and", "or"];

    private static readonly Dictionary<string, string[]> Attributes = new()
    {
        [ThresholdRule.Name] = ["meter_name", "threshold", "query", "period", "comparison_operator", "statistic", "evaluation_periods", "exclude_outliers"],
        [CombinationRule.Name] = ["alarm_ids", "operator"],
        [EventRule.Name] = ["event_type", "query"],
        [GnocchiResourcesRule.Name] = ["metric", "resource_id", "resource_type", "aggregation_method", "threshold", "comparison_operator", "evaluation_periods", "granularity"],
        [GnocchiMetricsRule.Name] = ["metrics", "aggregation_method", "threshold", "comparison_operator", "evaluation_periods", "granularity"],
        [GnocchiSearchRule.Name] = ["metric", "resource_type", "query", "aggregation_method", "threshold", "comparison_operator", "evaluation_periods", "granularity"],
        [PrometheusRule.Name] = ["query", "threshold", "comparison_operator", "scope_to_project"],
        [LoadBalancerHealthRule.Name] = ["pool_id", "stack_id", "autoscaling_group_id"],
    };

    /// <summary>Reads a stored rule.</summary>
    public static AlarmRule Read(string type, JsonElement rule) => Read(type, rule, rule, stored: true);

    /// <summary>Reads the value of <c>TYPE_rule</c>.</summary>
    /// <param name="body">The whole body, for errors.</param>
    /// <param name="stored">Whether the rule comes from a stored event, which keeps more than clients may send.</param>
    public static AlarmRule Read(string type, JsonElement rule, JsonElement body, bool stored = false)
    {
        if (type == CompositeRule.Name)
        {
            var leaves = 0;
            return new CompositeRule(ReadNode(rule, body, 0, stored, ref leaves));
        }
        var field = $"{type}_rule";
        var path = $"data.{field}";
        return Read(type, AlarmArguments.Read(rule, field, path, body, [.. Attributes[type], .. Kept(stored)]), path, body);
    }

    public static IReadOnlyList<TimeConstraint>? ReadConstraints(JsonElement body)
    {
        if (body.TryGetProperty("time_constraints", out var list) && list.ValueKind == JsonValueKind.Null)
            return null;
        return new AlarmArguments(body, body).Items("time_constraints").Select(item =>
        {
            var a = AlarmArguments.Read(item, "time_constraints", "data.time_constraints", body, ConstraintAttributes);
            if (!a.Has("name"))
                throw AlarmArguments.Missing("name");
            var (start, duration) = (a.RequiredText("start"), a.Integer("duration", null, min: 0));
            return new TimeConstraint(
                a.Text("name"), a.Text("description") is { Length: > 0 } description ? description : TimeConstraint.DefaultDescription(start, duration),
                start, duration, a.Text("timezone") ?? "");
        }).ToList();
    }

    private static AlarmRule Read(string type, AlarmArguments a, string path, JsonElement body) => type switch
    {
        ThresholdRule.Name => new ThresholdRule
        {
            MeterName = Required(a, "meter_name"),
            Threshold = a.Float("threshold"),
            Query = ReadQuery(a, $"{path}.query", body),
            PeriodSeconds = a.Integer("period", 60, min: 1),
            Comparison = (Comparison)a.Word("comparison_operator", AlarmNames.Comparisons, 0),
            Statistic = (AlarmStatistic)a.Word("statistic", Statistics, (int)AlarmStatistic.Avg),
            EvaluationPeriods = a.Integer("evaluation_periods", 1, min: 1),
            ExcludeOutliers = a.Boolean("exclude_outliers", false) ?? false,
        },
        CombinationRule.Name => new CombinationRule
        {
            AlarmIds = a.IsNullOrAbsent("alarm_ids") ? throw AlarmArguments.Missing("alarm_ids") : a.Texts("alarm_ids")!,
            Operator = (LogicalOperator)a.Word("operator", Operators, 0),
        },
        EventRule.Name => new EventRule
        {
            EventType = a.Text("event_type") ?? "*",
            Query = ReadQuery(a, $"{path}.query", body),
        },
        GnocchiResourcesRule.Name => new GnocchiResourcesRule
        {
            Metric = Required(a, "metric"),
            ResourceId = Required(a, "resource_id"),
            ResourceType = Required(a, "resource_type"),
            AggregationMethod = Required(a, "aggregation_method"),
            Threshold = a.Float("threshold"),
            Comparison = (Comparison)a.Word("comparison_operator", AlarmNames.Comparisons, 0),
            EvaluationPeriods = a.Integer("evaluation_periods", 1, 1, 100),
            GranularitySeconds = a.Integer("granularity", 60, 1, 31_536_000),
            ScopeToProject = a.Text("scope_to_project"),
        },
        GnocchiMetricsRule.Name => new GnocchiMetricsRule
        {
            Metrics = a.IsNullOrAbsent("metrics") ? throw AlarmArguments.Missing("metrics") : a.Texts("metrics")!,
            AggregationMethod = Required(a, "aggregation_method"),
            Threshold = a.Float("threshold"),
            Comparison = (Comparison)a.Word("comparison_operator", AlarmNames.Comparisons, 0),
            EvaluationPeriods = a.Integer("evaluation_periods", 1, 1, 100),
            GranularitySeconds = a.Integer("granularity", 60, 1, 31_536_000),
            ScopeToProject = a.Text("scope_to_project"),
        },
        GnocchiSearchRule.Name => new GnocchiSearchRule
        {
            Metric = Required(a, "metric"),
            ResourceType = Required(a, "resource_type"),
            Query = a.RequiredText("query"),
            AggregationMethod = Required(a, "aggregation_method"),
            Threshold = a.Float("threshold"),
            Comparison = (Comparison)a.Word("comparison_operator", AlarmNames.Comparisons, 0),
            EvaluationPeriods = a.Integer("evaluation_periods", 1, 1, 100),
            GranularitySeconds = a.Integer("granularity", 60, 1, 31_536_000),
            ScopeToProject = a.Text("scope_to_project"),
        },
        PrometheusRule.Name => new PrometheusRule
        {
            Query = a.RequiredText("query"),
            Threshold = a.Float("threshold"),
            Comparison = (Comparison)a.Word("comparison_operator", AlarmNames.Comparisons, 0),
            ScopeToProject = a.Text("scope_to_project"),
        },
        LoadBalancerHealthRule.Name => new LoadBalancerHealthRule
        {
            PoolId = Required(a, "pool_id"),
            StackId = Required(a, "stack_id"),
            AutoscalingGroupId = Required(a, "autoscaling_group_id"),
        },
        _ => throw new ArgumentException($"'{type}' is no type of rule.", nameof(type)),
    };

    private static CompositeNode ReadNode(JsonElement node, JsonElement body, int depth, bool stored, ref int leaves)
    {
        if (node.ValueKind != JsonValueKind.Object)
            throw BadComposite(node);
        if (depth > AlarmLimits.MaxDepth)
            throw AlarmRefusedException.Invalid($"Invalid input composite rule: it is nested deeper than {AlarmLimits.MaxDepth} levels.");
        var properties = node.EnumerateObject().ToList();
        if (properties is [var only])
        {
            if (!CompositeGroup.Contains(only.Name))
                throw AlarmRefusedException.Invalid("Threshold rules should be combined with \"and\" or \"or\"");
            if (only.Value.ValueKind != JsonValueKind.Array)
                throw BadComposite(node);
            var parts = new List<CompositeNode>(only.Value.GetArrayLength());
            foreach (var part in only.Value.EnumerateArray())
                parts.Add(ReadNode(part, body, depth + 1, stored, ref leaves));
            return new CompositeNode.Group(only.Name == "and" ? LogicalOperator.And : LogicalOperator.Or, parts);
        }
        if (depth == 0)
            throw BadComposite(node);
        if (++leaves > AlarmLimits.MaxLeaves)
            throw AlarmRefusedException.Invalid($"Invalid input composite rule: it holds more than {AlarmLimits.MaxLeaves} rules.");
        if (!node.TryGetProperty("type", out var type) || type.ValueKind == JsonValueKind.Null)
            throw AlarmRefusedException.Invalid("type must be set in every rule");
        var name = MetadataText.PythonText(type);
        if (!AlarmRules.LeafTypes.Contains(name))
        {
            throw AlarmRefusedException.Invalid(
                $"Unsupported sub-rule type :{name} in composite rule, should be one of: [{string.Join(", ", AlarmRules.LeafTypes.Select(MetadataText.Quote))}]");
        }
        var path = $"data.composite_rule.{name}_rule";
        return new CompositeNode.Leaf((LeafRule)Read(name, AlarmArguments.Read(node, "composite_rule", path, body, [.. Attributes[name], "type", .. Kept(stored)]), path, body));
    }

    private static string[] Kept(bool stored) => stored ? ["scope_to_project"] : [];

    private static AlarmRefusedException BadComposite(JsonElement node) => AlarmRefusedException.Invalid(
        $"Invalid input composite rule: {MetadataText.PythonText(node)}, it should be a dict with an \"and\" or \"or\" as key, and the value of dict "
        + "should be a list of basic threshold rules or sub composite rules, can be nested.");

    private static List<QueryItem> ReadQuery(AlarmArguments rule, string path, JsonElement body) => rule.Items("query").Select(item =>
    {
        var a = AlarmArguments.Read(item, "query", path, body, QueryAttributes);
        return new QueryItem(Required(a, "field"), a.Text("op") is { Length: > 0 } op ? op : "eq", a.RequiredText("value"), a.Text("type"));
    }).ToList();

    private static string Required(AlarmArguments a, string name)
    {
        var text = a.RequiredText(name);
        return text.Length <= AlarmLimits.MaxTextLength
            ? text
            : throw AlarmRefusedException.InvalidInput(name, $"{text[..32]}…", $"It has {text.Length} characters, at most {AlarmLimits.MaxTextLength} are allowed.");
    }
}
