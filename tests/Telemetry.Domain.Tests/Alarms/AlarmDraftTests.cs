using System.Text.Json;
using Telemetry.Domain.Alarms;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

/// <summary>What a body may be, and what is said where it is not: the wording is contract.</summary>
public sealed class AlarmDraftTests
{
    private const string Rule = "'threshold_rule': {'meter_name': 'cpu', 'threshold': 80}";
    private static readonly AlarmCaller Member = new("u", "p", false);
    private static readonly AlarmCaller Admin = new("root", "service", true);

    [Theory]
    [InlineData("{'type': 'threshold', RULE}", "Invalid input for field/attribute name. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 5, 'type': 'threshold', RULE}", "Invalid input for field/attribute name. Value: '5'. Wrong type. Expected '<class 'str'>', got '<class 'int'>'")]
    [InlineData("{'name': [], 'type': 'threshold', RULE}", "Invalid input for field/attribute name. Value: '[]'. Wrong type. Expected '<class 'str'>', got '<class 'list'>'")]
    [InlineData("{'name': true, 'type': 'threshold', RULE}", "Invalid input for field/attribute name. Value: 'True'. Wrong type. Expected '<class 'str'>', got '<class 'bool'>'")]
    [InlineData("{'name': 1.5, 'type': 'threshold', RULE}", "Invalid input for field/attribute name. Value: '1.5'. Wrong type. Expected '<class 'str'>', got '<class 'float'>'")]
    [InlineData("{'name': 'n', RULE}", "Invalid input for field/attribute type. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'x', RULE}", "Invalid input for field/attribute type. Value: 'x'. Value should be one of: threshold, combination, event, gnocchi_resources_threshold, gnocchi_aggregation_by_metrics_threshold, gnocchi_aggregation_by_resources_threshold, prometheus, loadbalancer_member_health, composite")]
    [InlineData("{'name': 'n', 'type': null, RULE}", "Invalid input for field/attribute type. Value: 'None'. Value should be one of: threshold, combination, event, gnocchi_resources_threshold, gnocchi_aggregation_by_metrics_threshold, gnocchi_aggregation_by_resources_threshold, prometheus, loadbalancer_member_health, composite")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'state': null, RULE}", "Invalid input for field/attribute state. Value: 'None'. Value should be one of: ok, alarm, insufficient data")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'state': 'OK', RULE}", "Invalid input for field/attribute state. Value: 'OK'. Value should be one of: ok, alarm, insufficient data")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'severity': null, RULE}", "Invalid input for field/attribute severity. Value: 'None'. Value should be one of: low, moderate, critical")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'foo': 1, RULE}", "Unknown attribute for argument data: foo")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'enabled': 'maybe', RULE}", "Invalid input for field/attribute data. Value: '{'name': 'n', 'type': 'threshold', 'enabled': 'maybe', 'threshold_rule': {'meter_name': 'cpu', 'threshold': 80}}'. Value not an unambiguous boolean: maybe")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'timestamp': 'x', RULE}", "Invalid input for field/attribute timestamp. Value: 'x'. invalid isoformat date and time")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'ok_actions': 'http://x', RULE}", "Invalid input for field/attribute ok_actions. Value: 'http://x'. Value not a valid list: http://x")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'ok_actions': [5], RULE}", "Invalid input for field/attribute ok_actions. Value: '[5]'. Wrong type. Expected '<class 'str'>', got '<class 'int'>'")]
    [InlineData("{'name': 'n', 'type': 'threshold'}", "threshold_rule must be set for threshold type alarm")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': null}", "threshold_rule must be set for threshold type alarm")]
    [InlineData("{'name': 'n', 'type': 'event', RULE}", "event_rule must be set for event type alarm")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'event_rule': {}, RULE}", "threshold_rule and event_rule cannot be set at the same time")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'threshold': 1}}", "Invalid input for field/attribute meter_name. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm'}}", "Invalid input for field/attribute threshold. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 'abc'}}", "Invalid input for field/attribute threshold. Value: 'abc'. could not convert string to float: 'abc'")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 'nan'}}", "Invalid input for field/attribute threshold. Value: 'nan'. could not convert string to float: 'nan'")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'period': 0}}", "Invalid input for field/attribute period. Value: '0'. Value should be greater or equal to 1")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'period': '-1'}}", "Invalid input for field/attribute period. Value: '-1'. Value should be greater or equal to 1")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'period': 'x'}}", "Invalid input for field/attribute period. Value: 'x'. unable to convert to int. Error: invalid literal for int() with base 10: 'x'")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'period': 9999999999}}", "Invalid input for field/attribute period. Value: '9999999999'. Value should be lower or equal to 2147483647")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'foo': 1}}", "Unknown attribute for argument data.threshold_rule: foo")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'query': [{'q.field': 'x'}]}}", "Unknown attribute for argument data.threshold_rule.query: q.field")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'query': [{'field': 'x'}]}}", "Invalid input for field/attribute value. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'comparison_operator': 'x'}}", "Invalid input for field/attribute comparison_operator. Value: 'x'. Value should be one of: eq, ne, lt, le, gt, ge")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'statistic': 'stddev'}}", "Invalid input for field/attribute statistic. Value: 'stddev'. Value should be one of: max, min, avg, sum, count")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': 5}", "Invalid input for field/attribute threshold_rule. Value: '5'. Wrong type. Expected an object, got 'int'")]
    [InlineData("{'name': 'n', 'type': 'gnocchi_resources_threshold', 'gnocchi_resources_threshold_rule': {'metric': 'm', 'resource_id': 'r', 'resource_type': 't', 'aggregation_method': 'mean', 'threshold': 1, 'evaluation_periods': 101}}", "Invalid input for field/attribute evaluation_periods. Value: '101'. Value should be lower or equal to 100")]
    [InlineData("{'name': 'n', 'type': 'loadbalancer_member_health', 'loadbalancer_member_health_rule': {'pool_id': 'p', 'stack_id': 's'}}", "Invalid input for field/attribute autoscaling_group_id. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'type': 'x'}}", "Threshold rules should be combined with \"and\" or \"or\"")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'or': 5}}", "Invalid input composite rule: {'or': 5}, it should be a dict with an \"and\" or \"or\" as key, and the value of dict should be a list of basic threshold rules or sub composite rules, can be nested.")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'or': [5]}}", "Invalid input composite rule: 5, it should be a dict with an \"and\" or \"or\" as key, and the value of dict should be a list of basic threshold rules or sub composite rules, can be nested.")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'or': [{'metric': 'm', 'threshold': 1}]}}", "type must be set in every rule")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'or': [{'type': 'event', 'threshold': 1}]}}", "Unsupported sub-rule type :event in composite rule, should be one of: ['gnocchi_aggregation_by_metrics_threshold', 'gnocchi_aggregation_by_resources_threshold', 'gnocchi_resources_threshold', 'prometheus', 'threshold']")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'start': '11:00am', 'duration': 1}], RULE}", "Invalid input for field/attribute start. Value: '11:00am'. …")] // the tail is free
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'start': '* * * * *', 'duration': -1}], RULE}", "Invalid input for field/attribute duration. Value: '-1'. Value should be greater or equal to 0")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'start': '* * * * *', 'duration': 1, 'timezone': 'aaaa'}], RULE}", "Timezone aaaa is not valid")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'duration': 1}], RULE}", "Invalid input for field/attribute start. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'start': '* * * * *'}], RULE}", "Invalid input for field/attribute duration. Value: 'None'. Mandatory field missing.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'name': 'a', 'start': '* * * * *', 'duration': 1, 'foo': 1}], RULE}", "Unknown attribute for argument data.time_constraints: foo")]
    [InlineData("{'name': 'n', 'type': 'combination', 'combination_rule': {'alarm_ids': ['a', 'b'], 'operator': 'xor'}}", "Invalid input for field/attribute operator. Value: 'xor'. Value should be one of: and, or")]
    [InlineData("{'name': 'n', 'type': 'prometheus', 'prometheus_rule': {'query': 'up', 'threshold': 1, 'evaluation_periods': 2}}", "Unknown attribute for argument data.prometheus_rule: evaluation_periods")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': {'xor': []}}", "Threshold rules should be combined with \"and\" or \"or\"")]
    [InlineData("{'name': 'n', 'type': 'composite', 'composite_rule': null}", "composite_rule must be set for composite type alarm")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'time_constraints': [{'start': '* * * * *', 'duration': 1}], RULE}", "Invalid input for field/attribute name. Value: 'None'. Mandatory field missing.")]
    public void A_body_that_is_no_alarm_is_refused(string body, string message)
    {
        var refused = Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Json(body.Replace("RULE", Rule, StringComparison.Ordinal))));

        Assert.Equal(Refusal.Invalid, refused.Reason);
        if (message.EndsWith('…'))
            Assert.StartsWith(message[..^1], refused.Message, StringComparison.Ordinal);
        else
            Assert.Equal(message, refused.Message);
    }

    /// <summary>What each type cannot do without, and the ranges of its numbers.</summary>
    [Theory]
    [InlineData("threshold", "meter_name", "'threshold': 1")]
    [InlineData("threshold", "threshold", "'meter_name': 'm'")]
    [InlineData("combination", "alarm_ids", "'operator': 'or'")]
    [InlineData("gnocchi_resources_threshold", "metric", "'resource_id': 'r', 'resource_type': 't', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_resources_threshold", "resource_id", "'metric': 'm', 'resource_type': 't', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_resources_threshold", "resource_type", "'metric': 'm', 'resource_id': 'r', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_resources_threshold", "aggregation_method", "'metric': 'm', 'resource_id': 'r', 'resource_type': 't', 'threshold': 1")]
    [InlineData("gnocchi_resources_threshold", "threshold", "'metric': 'm', 'resource_id': 'r', 'resource_type': 't', 'aggregation_method': 'mean'")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "metrics", "'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "aggregation_method", "'metrics': ['m'], 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "threshold", "'metrics': ['m'], 'aggregation_method': 'mean'")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "metric", "'resource_type': 't', 'query': '{}', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "resource_type", "'metric': 'm', 'query': '{}', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "query", "'metric': 'm', 'resource_type': 't', 'aggregation_method': 'mean', 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "aggregation_method", "'metric': 'm', 'resource_type': 't', 'query': '{}', 'threshold': 1")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "threshold", "'metric': 'm', 'resource_type': 't', 'query': '{}', 'aggregation_method': 'mean'")]
    [InlineData("prometheus", "query", "'threshold': 1")]
    [InlineData("prometheus", "threshold", "'query': 'up'")]
    [InlineData("loadbalancer_member_health", "pool_id", "'stack_id': 's', 'autoscaling_group_id': 'g'")]
    [InlineData("loadbalancer_member_health", "stack_id", "'pool_id': 'p', 'autoscaling_group_id': 'g'")]
    [InlineData("loadbalancer_member_health", "autoscaling_group_id", "'pool_id': 'p', 'stack_id': 's'")]
    public void A_rule_without_a_mandatory_field_is_refused(string type, string field, string rest) => Assert.Equal(
        $"Invalid input for field/attribute {field}. Value: 'None'. Mandatory field missing.",
        Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Json($"{{'name': 'n', 'type': '{type}', '{type}_rule': {{{rest}}}}}"))).Message);

    [Theory]
    [InlineData("threshold", "'evaluation_periods': 0", "evaluation_periods. Value: '0'. Value should be greater or equal to 1")]
    [InlineData("threshold", "'evaluation_periods': []", "evaluation_periods. Value: '[]'. unable to convert to int. Error: int() argument must be a string, a bytes-like object or a real number, not 'list'")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'evaluation_periods': 0", "evaluation_periods. Value: '0'. Value should be greater or equal to 1")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'evaluation_periods': 101", "evaluation_periods. Value: '101'. Value should be lower or equal to 100")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'granularity': 0", "granularity. Value: '0'. Value should be greater or equal to 1")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'granularity': '31536001'", "granularity. Value: '31536001'. Value should be lower or equal to 31536000")]
    public void A_number_out_of_its_range_is_refused(string type, string field, string message)
    {
        var rest = type == "threshold" ? "'meter_name': 'm', 'threshold': 1" : "'metrics': ['m'], 'aggregation_method': 'mean', 'threshold': 1";

        Assert.Equal(
            $"Invalid input for field/attribute {message}",
            Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Json($"{{'name': 'n', 'type': '{type}', '{type}_rule': {{{rest}, {field}}}}}"))).Message);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("1", true)]
    [InlineData("0", false)]
    [InlineData("'true'", true)]
    [InlineData("'t'", true)]
    [InlineData("'Yes'", true)]
    [InlineData("'y'", true)]
    [InlineData("'ON'", true)]
    [InlineData("'1'", true)]
    [InlineData("'False'", false)]
    [InlineData("'f'", false)]
    [InlineData("'no'", false)]
    [InlineData("'n'", false)]
    [InlineData("'OFF'", false)]
    [InlineData("'0'", false)]
    [InlineData("null", null)]
    public void Booleans_are_read_from_many_words(string value, bool? expected) =>
        Assert.Equal(expected, AlarmDraft.Read(Json($"{{'name': 'n', 'type': 'threshold', 'enabled': {value}, {Rule}}}")).Enabled);

    [Theory]
    [InlineData("60", 60)]
    [InlineData("'60'", 60)]
    [InlineData("1.5", 1)]
    public void Integers_are_read_from_texts_and_cut(string value, int expected) => Assert.Equal(
        expected, ((ThresholdRule)AlarmDraft.Read(Json($"{{'name': 'n', 'type': 'threshold', 'threshold_rule': {{'meter_name': 'm', 'threshold': '2.5', 'period': {value}}}}}")).Rule).PeriodSeconds);

    [Fact]
    public void Everything_that_is_left_out_has_its_default()
    {
        var alarm = Alarm($"{{'name': '', 'type': 'threshold', {Rule}}}");

        var rule = Assert.IsType<ThresholdRule>(alarm.Definition.Rule);
        Assert.Equal(
            (60, 1, AlarmStatistic.Avg, Domain.Queries.Comparison.Equal, false), (rule.PeriodSeconds, rule.EvaluationPeriods, rule.Statistic, rule.Comparison, rule.ExcludeOutliers));
        Assert.Equal((true, AlarmSeverity.Low, AlarmState.InsufficientData, (bool?)false), (alarm.IsEnabled, alarm.Definition.Severity, alarm.State, alarm.Definition.RepeatActions));
        Assert.Equal(("", "Alarm when cpu is eq a avg of 80.0 over 60 seconds"), (alarm.Definition.Name, alarm.Definition.Description));
        Assert.Empty(alarm.Definition.OkActions!);
    }

    [Fact]
    public void What_cannot_be_written_is_accepted_and_passed_over() => Assert.Equal("n", AlarmDraft.Read(Json(
        $"{{'name': 'n', 'type': 'threshold', 'alarm_id': null, 'timestamp': '2026-11-20T09:38:35.593512', 'state_timestamp': '2026-11-20T09:38:35', 'state_reason': 'x', 'evaluate_timestamp': '2026-11-20T09:38:35', {Rule}}}")).Name);

    [Theory]
    [InlineData("{'name': 'n', 'type': 'combination', 'combination_rule': {'alarm_ids': ['a', 'b']}}", "Combined state of alarms a and b")]
    [InlineData("{'name': 'n', 'type': 'combination', 'combination_rule': {'alarm_ids': ['a', 'b', 'a'], 'operator': 'or'}}", "Combined state of alarms a or b")]
    [InlineData("{'name': 'n', 'type': 'event', 'event_rule': {}}", "Alarm when * event occurred.")]
    [InlineData("{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'cpu', 'threshold': 300, 'statistic': 'max', 'comparison_operator': 'ge', 'period': 5}}", "Alarm when cpu is ge a max of 300.0 over 5 seconds")]
    [InlineData("{'name': 'n', 'type': 'gnocchi_resources_threshold', 'gnocchi_resources_threshold_rule': {'metric': 'm', 'resource_id': 'r', 'resource_type': 't', 'aggregation_method': 'mean', 'threshold': 1}}", "gnocchi_resources_threshold alarm rule")]
    [InlineData("{'name': 'n', 'type': 'gnocchi_aggregation_by_metrics_threshold', 'gnocchi_aggregation_by_metrics_threshold_rule': {'metrics': ['m'], 'aggregation_method': 'mean', 'threshold': 1}}", "gnocchi_aggregation_by_metrics_threshold alarm rule")]
    [InlineData("{'name': 'n', 'type': 'gnocchi_aggregation_by_resources_threshold', 'gnocchi_aggregation_by_resources_threshold_rule': {'metric': 'm', 'resource_type': 't', 'query': '{}', 'aggregation_method': 'mean', 'threshold': 1}}", "gnocchi_aggregation_by_resources_threshold alarm rule")]
    [InlineData("{'name': 'n', 'type': 'loadbalancer_member_health', 'loadbalancer_member_health_rule': {'pool_id': 'p', 'stack_id': 's', 'autoscaling_group_id': 'g'}}", "loadbalancer_member_health alarm rule")]
    [InlineData("{'name': 'n', 'type': 'prometheus', 'prometheus_rule': {'query': 'up', 'threshold': 1}}", "prometheus alarm rule")]
    [InlineData("{'name': 'n', 'type': 'composite', 'description': null, 'composite_rule': {'or': []}}", "composite alarm rule")]
    [InlineData("{'name': 'n', 'type': 'composite', 'description': 'mine', 'composite_rule': {'or': []}}", "mine")]
    public void A_rule_describes_itself(string body, string description) => Assert.Equal(description, Alarm(body).Definition.Description);

    [Theory]
    [InlineData("[{'field': 'project_id', 'value': 'other'}]", Refusal.NotAuthorized, "Not Authorized to access project other")]
    [InlineData("[{'field': 'resource_id', 'op': 'gt', 'value': 'x'}]", Refusal.Invalid, "Invalid input for field/attribute op. Value: 'gt'. unimplemented operator for resource_id")]
    [InlineData("[{'field': 'timestamp', 'value': 'x'}]", Refusal.Invalid, "Unknown argument: \"timestamp\": not valid for this resource")]
    [InlineData("[{'field': 'search_offset', 'value': '1'}]", Refusal.Invalid, "Unknown argument: \"search_offset\": not valid for this resource")]
    [InlineData("[{'field': 'bogus', 'value': 'x'}]", Refusal.Invalid, "Unknown argument: \"bogus\": unrecognized field in query: [<Query 'bogus' eq 'x' Unset>], valid keys: [")]
    [InlineData("[{'field': 'metadata.a', 'value': 'x', 'type': 'blob'}]", Refusal.Invalid, "The data type blob is not supported. The supported data type list is: ['integer', 'float', 'string', 'boolean', 'datetime']")]
    [InlineData("[{'field': 'metadata.a', 'value': 'x', 'type': 'integer'}]", Refusal.Invalid, "Unable to convert the value x to the expected data type integer.")]
    public void A_condition_on_samples_that_makes_no_sense_is_refused(string query, Refusal reason, string message)
    {
        var refused = Assert.Throws<AlarmRefusedException>(() => Check($"{{'name': 'n', 'type': 'threshold', 'threshold_rule': {{'meter_name': 'm', 'threshold': 1, 'query': {query}}}}}", Member));

        Assert.Equal(reason, refused.Reason);
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[{'field': 'traits.a b', 'value': 'x'}]", "Query value or traits invalid: ")]
    [InlineData("[{'field': 'traits.a', 'op': 'like', 'value': 'x'}]", "Query value or traits invalid: ")]
    [InlineData("[{'field': 'traits.a', 'value': 'x', 'type': 'blob'}]", "Query value or traits invalid: ")]
    [InlineData("[{'field': 'traits.a', 'value': 'hello', 'type': 'integer'}]", "Unable to convert the value hello to the expected data type integer.")]
    public void A_condition_on_traits_that_makes_no_sense_is_refused(string query, string message) => Assert.StartsWith(
        message, Assert.Throws<AlarmRefusedException>(() => Check($"{{'name': 'n', 'type': 'event', 'event_rule': {{'query': {query}}}}}", Member)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("[{'field': 'traits.a', 'value': 'x'}]")] // without a type: Newton's clients
    [InlineData("[{'field': 'traits.a', 'value': 'x', 'type': ''}]")]
    [InlineData("[{'field': 'traits.a', 'value': '2026-11-20', 'type': 'datetime'}]")]
    public void Older_conditions_on_traits_are_accepted(string query) =>
        Assert.IsType<EventRule>(Check($"{{'name': 'n', 'type': 'event', 'event_rule': {{'query': {query}}}}}", Member));

    [Fact]
    public void A_members_rule_is_limited_to_its_project_and_says_so_once()
    {
        const string body = "{'name': 'n', 'type': 'threshold', 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'query': QUERY}}";

        var added = (ThresholdRule)Check(body.Replace("QUERY", "[]", StringComparison.Ordinal), Member);
        var kept = (ThresholdRule)Check(body.Replace("QUERY", "[{'field': 'project_id', 'value': 'p'}]", StringComparison.Ordinal), Member);

        Assert.Equal([new QueryItem("project_id", "eq", "p")], added.Query);
        Assert.Equal([new QueryItem("project_id", "eq", "p")], kept.Query);
    }

    [Fact]
    public void A_members_promql_is_limited_to_its_project_and_an_admins_is_not()
    {
        const string body = "{'name': 'n', 'type': 'prometheus', 'prometheus_rule': {'query': 'up', 'threshold': 1, 'scope_to_project': 'other'}}";

        Assert.Equal("p", ((PrometheusRule)Check(body, Member)).ScopeToProject);
        Assert.Null(((PrometheusRule)Check(body, Admin)).ScopeToProject);
    }

    [Fact]
    public void Nothing_is_as_good_as_an_empty_list_of_conditions_or_of_constraints()
    {
        var draft = AlarmDraft.Read(Json("{'name': 'n', 'type': 'threshold', 'repeat_actions': null, 'time_constraints': null, 'threshold_rule': {'meter_name': 'm', 'threshold': 1, 'query': null}}"));

        Assert.Empty(((ThresholdRule)draft.Rule).Query);
        Assert.Null(draft.TimeConstraints);
        Assert.Null(draft.RepeatActions);
    }

    [Theory]
    [InlineData("service", 0)]
    [InlineData("p", 1)]
    public void An_admins_rule_is_limited_where_it_is_for_another_project(string owner, int conditions) => Assert.Equal(
        conditions, ((ThresholdRule)AlarmRuleChecks.Check(AlarmDraft.Read(Json($"{{'name': 'n', 'type': 'threshold', {Rule}}}")).Rule, Admin.RuleScope(owner), Admin)).Query.Count);

    [Fact]
    public void A_members_search_is_wrapped_once()
    {
        const string body = "{'name': 'n', 'type': 'gnocchi_aggregation_by_resources_threshold', 'gnocchi_aggregation_by_resources_threshold_rule': "
            + "{'metric': 'm', 'resource_type': 't', 'query': QUERY, 'aggregation_method': 'mean', 'threshold': 1}}";
        const string wrapped = """{"and": [{"=": {"created_by_project_id": "p"}}, {"=": {"server_group": "g"}}]}""";

        string Query(string query) => ((GnocchiSearchRule)Check(body.Replace("QUERY", JsonSerializer.Serialize(query).Replace("\\u0022", "\\\"", StringComparison.Ordinal), StringComparison.Ordinal), Member)).Query;

        Assert.Equal(wrapped, Query("""{"=": {"server_group": "g"}}"""));
        Assert.Equal(wrapped, Query(wrapped));
        Assert.Equal("Invalid input for field/attribute rule/query. Value: 'zz'. ", Assert.Throws<AlarmRefusedException>(() => Query("zz")).Message);
    }

    [Fact]
    public void A_method_that_no_metric_has_is_refused() => Assert.Matches(
        @"^aggregation_method should be in \['mean', .*\] not zz$",
        Assert.Throws<AlarmRefusedException>(() => Check(
            "{'name': 'n', 'type': 'gnocchi_aggregation_by_metrics_threshold', 'gnocchi_aggregation_by_metrics_threshold_rule': {'metrics': ['m'], 'aggregation_method': 'zz', 'threshold': 1}}", Member)).Message);

    [Theory]
    [InlineData("mean", true)]
    [InlineData("rate:95pct", true)]
    [InlineData("0pct", false)]
    [InlineData("100pct", false)]
    [InlineData("rate:rate:mean", false)]
    public void Methods_are_those_of_the_metric_service(string method, bool known) => Assert.Equal(known, AlarmRuleChecks.IsMethod(method));

    [Fact]
    public void A_combination_needs_two_different_alarms() => Assert.Equal(
        "Alarm combination rule should contain at least two different alarm ids.",
        Assert.Throws<AlarmRefusedException>(() => Check("{'name': 'n', 'type': 'combination', 'combination_rule': {'alarm_ids': ['a', 'a']}}", Member)).Message);

    [Theory]
    [InlineData("rpc/topic", Refusal.Invalid, "Unsupported action rpc/topic")]
    [InlineData("rpc://topic", Refusal.Invalid, "Unsupported action rpc://topic")]
    [InlineData("spam://x", Refusal.Invalid, "Unsupported action spam://x")]
    [InlineData("", Refusal.Invalid, "Unsupported action ")]
    [InlineData("http://[::1", Refusal.Invalid, "Unable to parse action http://[::1")]
    [InlineData("log://", Refusal.NotAuthorized, "You are not authorized to create action: log://")]
    [InlineData("TEST://", Refusal.NotAuthorized, "You are not authorized to create action: TEST://")]
    [InlineData("trust+http://user@h/x", Refusal.Invalid, "trust URL cannot contain a trust ID.")]
    public void An_action_that_cannot_be_called_is_refused(string action, Refusal reason, string message)
    {
        var refused = Assert.Throws<AlarmRefusedException>(() => AlarmActions.Check("ok_actions", [action], Member, new()));

        Assert.Equal((reason, message), (refused.Reason, refused.Message));
    }

    [Theory]
    [InlineData("http://h/x")]
    [InlineData("HTTP://h/x")]
    [InlineData("trust+http://h/x")]
    [InlineData("trust+zaqar://?queue_name=q")]
    [InlineData("https://h:8443/x?a=b")]
    [InlineData("trust+https://h/x")]
    [InlineData("zaqar://?topic=t")]
    [InlineData("trust+heat://")]
    public void An_action_of_a_known_scheme_is_accepted(string action) => AlarmActions.Check("ok_actions", [action], Member, new(MaxActions: 1));

    [Fact]
    public void Too_many_actions_are_refused() => Assert.Equal(
        "ok_actions count exceeds maximum value 1",
        Assert.Throws<AlarmRefusedException>(() => AlarmActions.Check("ok_actions", ["http://a", "http://b"], Member, new(MaxActions: 1))).Message);

    [Fact]
    public void An_admin_may_log() => AlarmActions.Check("ok_actions", ["log://", "test://"], Admin, new());

    [Fact]
    public void Constraints_of_one_alarm_have_different_names() => Assert.Equal(
        "Time constraint names must be unique for a given alarm.",
        Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Json(
            $"{{'name': 'n', 'type': 'threshold', 'time_constraints': [{{'name': 'a', 'start': '* * * * *', 'duration': '1'}}, {{'name': 'a', 'start': '1 * * * *', 'duration': 1}}], {Rule}}}")).CheckConstraintNames()).Message);

    [Fact]
    public void A_constraint_describes_itself() => Assert.Equal(
        new TimeConstraint("a", "Time constraint at 0 11 * * * lasting for 10 seconds", "0 11 * * *", 10, ""),
        Assert.Single(AlarmDraft.Read(Json($"{{'name': 'n', 'type': 'threshold', 'time_constraints': [{{'name': 'a', 'start': '0 11 * * *', 'duration': '10'}}], {Rule}}}")).TimeConstraints!));

    [Fact]
    public void Composites_are_limited_in_depth_and_leaves()
    {
        string Nested(int depth) => string.Concat(Enumerable.Repeat("{'and': [", depth)) + string.Concat(Enumerable.Repeat("]}", depth));
        var leaves = string.Join(',', Enumerable.Repeat("{'type': 'prometheus', 'query': 'up', 'threshold': 1}", AlarmLimits.MaxLeaves + 1));
        JsonElement Body(string rule) => JsonDocument.Parse($"{{'name': 'n', 'type': 'composite', 'composite_rule': {rule}}}".Replace('\'', '"'), new() { MaxDepth = 4_000 }).RootElement;

        Assert.IsType<CompositeRule>(AlarmDraft.Read(Body(Nested(AlarmLimits.MaxDepth))).Rule);
        Assert.Contains("nested deeper", Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Body(Nested(AlarmLimits.MaxDepth + 2)))).Message, StringComparison.Ordinal);
        Assert.Contains("nested deeper", Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Body(Nested(1_000)))).Message, StringComparison.Ordinal);
        Assert.Contains("more than 1000 rules", Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Body($"{{'or': [{leaves}]}}"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_huge_list_of_conditions_is_refused() => Assert.Contains(
        "A list holds at most 1000 items.",
        Assert.Throws<AlarmRefusedException>(() => AlarmDraft.Read(Json(
            $"{{'name': 'n', 'type': 'event', 'event_rule': {{'query': [{string.Join(',', Enumerable.Repeat("{'field': 'traits.a', 'value': 'x'}", 1_001))}]}}}}"))).Message,
        StringComparison.Ordinal);

    private static AlarmRule Check(string body, AlarmCaller caller) => AlarmRuleChecks.Check(AlarmDraft.Read(Json(body)).Rule, caller.RuleScope(caller.ProjectId), caller);
}
