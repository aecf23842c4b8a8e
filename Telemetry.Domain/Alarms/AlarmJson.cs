using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Alarms;

/// <summary>Writes alarms as JSON: the same names in the API, in history and in stored events. They are kept forever.</summary>
public static class AlarmJson
{
    internal static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Runs a writer and gives the text.</summary>
    public static string Text(Action<Utf8JsonWriter> write) => Encoding.UTF8.GetString(Bytes(write));

    internal static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            write(writer);
        return buffer.ToArray();
    }

    /// <summary>The whole alarm as its creation record shows it, with <c>rule</c>: names and JSON texts of the values.</summary>
    /// <param name="alarm">The alarm.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Fields(Alarm alarm)
    {
        var d = alarm.Definition;
        return
        [
            Field("alarm_id", w => w.WriteStringValue(alarm.Id)),
            Field("type", w => w.WriteStringValue(d.Rule.Type)),
            Field("enabled", w => WriteBoolean(w, d.Enabled)),
            Field("name", w => w.WriteStringValue(d.Name)),
            Field("description", w => w.WriteStringValue(d.Description)),
            Field("timestamp", w => w.WriteStringValue(Time(alarm.ChangedAt))),
            Field("user_id", w => w.WriteStringValue(d.UserId)),
            Field("project_id", w => w.WriteStringValue(d.ProjectId)),
            Field("state", w => w.WriteStringValue(alarm.State.Name())),
            Field("state_timestamp", w => w.WriteStringValue(Time(alarm.StateChangedAt))),
            Field("state_reason", w => w.WriteStringValue(alarm.StateReason)),
            Field("ok_actions", w => WriteTexts(w, d.OkActions)),
            Field("alarm_actions", w => WriteTexts(w, d.AlarmActions)),
            Field("insufficient_data_actions", w => WriteTexts(w, d.InsufficientDataActions)),
            Field("repeat_actions", w => WriteBoolean(w, d.RepeatActions)),
            Field("rule", w => WriteRule(w, d.Rule)),
            Field("time_constraints", w => WriteConstraints(w, d.TimeConstraints)),
            Field("severity", w => w.WriteStringValue(d.Severity.Name())),
        ];
    }

    /// <summary>Naive UTC, six digits unless they are zero.</summary>
    public static string Time(DateTimeOffset at) => UnixMicroseconds.Format(UnixMicroseconds.From(at));

    /// <summary>The rule as the API shows it under <c>TYPE_rule</c>.</summary>
    /// <param name="stored">Whether to write what is kept but not shown too.</param>
    public static void WriteRule(Utf8JsonWriter writer, AlarmRule rule, bool stored = false)
    {
        if (rule is CompositeRule composite)
        {
            WriteNode(writer, composite.Root, stored);
            return;
        }
        writer.WriteStartObject();
        WriteRuleFields(writer, rule, stored);
        writer.WriteEndObject();
    }

    internal static void WriteConstraints(Utf8JsonWriter writer, IReadOnlyList<TimeConstraint>? constraints)
    {
        if (constraints is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        foreach (var c in constraints)
        {
            writer.WriteStartObject();
            writer.WriteString("name", c.Name);
            writer.WriteString("description", c.Description);
            writer.WriteString("start", c.Start);
            writer.WriteNumber("duration", c.DurationSeconds);
            writer.WriteString("timezone", c.TimeZone);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    internal static void WriteTexts(Utf8JsonWriter writer, IReadOnlyList<string>? texts)
    {
        if (texts is null)
        {
            writer.WriteNullValue();
            return;
        }
        writer.WriteStartArray();
        foreach (var text in texts)
            writer.WriteStringValue(text);
        writer.WriteEndArray();
    }

    internal static void WriteBoolean(Utf8JsonWriter writer, bool? value)
    {
        if (value is { } known)
            writer.WriteBooleanValue(known);
        else
            writer.WriteNullValue();
    }

    internal static void WriteQuery(Utf8JsonWriter writer, IReadOnlyList<QueryItem> query)
    {
        writer.WriteStartArray();
        foreach (var item in query)
        {
            writer.WriteStartObject();
            writer.WriteString("field", item.Field);
            writer.WriteString("op", item.Op);
            writer.WriteString("value", item.Value);
            if (item.ValueType is { } type)
                writer.WriteString("type", type);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
    }

    /// <summary>A float stays a float: <c>300.0</c>, as Python prints it, which is JSON too.</summary>
    internal static void WriteFloat(Utf8JsonWriter writer, string name, double value)
    {
        writer.WritePropertyName(name);
        writer.WriteRawValue(MetadataText.PythonFloat(value));
    }

    private static void WriteNode(Utf8JsonWriter writer, CompositeNode node, bool stored)
    {
        writer.WriteStartObject();
        switch (node)
        {
            case CompositeNode.Leaf leaf:
                writer.WriteString("type", leaf.Rule.Type);
                WriteRuleFields(writer, leaf.Rule, stored);
                break;
            case CompositeNode.Group group:
                writer.WriteStartArray(group.Operator == LogicalOperator.And ? "and" : "or");
                foreach (var part in group.Parts)
                    WriteNode(writer, part, stored);
                writer.WriteEndArray();
                break;
        }
        writer.WriteEndObject();
    }

    private static void WriteRuleFields(Utf8JsonWriter writer, AlarmRule rule, bool stored)
    {
        switch (rule)
        {
            case ThresholdRule r:
                writer.WriteString("meter_name", r.MeterName);
                WriteThreshold(writer, r);
                writer.WritePropertyName("query");
                WriteQuery(writer, r.Query);
                writer.WriteNumber("period", r.PeriodSeconds);
                writer.WriteNumber("evaluation_periods", r.EvaluationPeriods);
                writer.WriteString("statistic", r.StatisticName);
                writer.WriteBoolean("exclude_outliers", r.ExcludeOutliers);
                break;
            case GnocchiRule r:
                WriteGnocchi(writer, r);
                if (stored && r.ScopeToProject is { } scope)
                    writer.WriteString("scope_to_project", scope);
                break;
            case PrometheusRule r:
                writer.WriteString("query", r.Query);
                WriteThreshold(writer, r);
                if (r.ScopeToProject is { } project)
                    writer.WriteString("scope_to_project", project);
                break;
            case CombinationRule r:
                writer.WritePropertyName("alarm_ids");
                WriteTexts(writer, r.AlarmIds);
                writer.WriteString("operator", r.OperatorName);
                break;
            case EventRule r:
                writer.WriteString("event_type", r.EventType);
                writer.WritePropertyName("query");
                WriteQuery(writer, r.Query);
                break;
            case LoadBalancerHealthRule r:
                writer.WriteString("pool_id", r.PoolId);
                writer.WriteString("stack_id", r.StackId);
                writer.WriteString("autoscaling_group_id", r.AutoscalingGroupId);
                break;
            default:
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"{rule.GetType().Name} has no fields of its own."), nameof(rule));
        }
    }

    private static void WriteGnocchi(Utf8JsonWriter writer, GnocchiRule rule)
    {
        switch (rule)
        {
            case GnocchiResourcesRule r:
                writer.WriteString("metric", r.Metric);
                writer.WriteString("resource_id", r.ResourceId);
                writer.WriteString("resource_type", r.ResourceType);
                break;
            case GnocchiMetricsRule r:
                writer.WritePropertyName("metrics");
                WriteTexts(writer, r.Metrics);
                break;
            case GnocchiSearchRule r:
                writer.WriteString("metric", r.Metric);
                writer.WriteString("resource_type", r.ResourceType);
                writer.WriteString("query", r.Query);
                break;
        }
        writer.WriteString("aggregation_method", rule.AggregationMethod);
        WriteThreshold(writer, rule);
        writer.WriteNumber("evaluation_periods", rule.EvaluationPeriods);
        writer.WriteNumber("granularity", rule.GranularitySeconds);
    }

    private static void WriteThreshold(Utf8JsonWriter writer, LeafRule rule)
    {
        WriteFloat(writer, "threshold", rule.Threshold);
        writer.WriteString("comparison_operator", rule.Comparison.Name());
    }

    private static KeyValuePair<string, string> Field(string name, Action<Utf8JsonWriter> write) => new(name, Text(write));
}
