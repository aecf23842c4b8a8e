using System.Text.Json;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

/// <summary>Combination, composite and load balancer rules.</summary>
public sealed class OtherEvaluationTests
{
    [Theory]
    // operator; states of a and b (x: there is no such alarm); state before; repeat; after; reason
    [InlineData("and", "alarm alarm", "ok", false, "alarm", "Transition to alarm due to alarms a,b in state alarm")]
    [InlineData("and", "alarm ok", "alarm", false, "ok", "Transition to ok due to alarms b in state ok")]
    [InlineData("and", "alarm ok", "ok", false, "", "")]
    [InlineData("and", "alarm ok", "ok", true, "ok", "Remaining as ok due to alarms b in state ok")]
    [InlineData("and", "alarm none", "ok", false, "insufficient data", "Alarms b are in unknown state")]
    [InlineData("and", "x x", "alarm", true, "insufficient data", "Alarms a,b are in unknown state")]
    [InlineData("and", "alarm none", "insufficient data", true, "", "")]
    [InlineData("or", "ok alarm", "ok", false, "alarm", "Transition to alarm due to alarms b in state alarm")]
    [InlineData("or", "none alarm", "ok", false, "alarm", "Transition to alarm due to alarms b in state alarm")]
    [InlineData("or", "none ok", "ok", false, "insufficient data", "Alarms a are in unknown state")]
    [InlineData("or", "ok ok", "insufficient data", false, "ok", "Transition to ok due to alarms a,b in state ok")]
    [InlineData("or", "alarm alarm", "alarm", true, "alarm", "Remaining as alarm due to alarms a,b in state alarm")]
    public void States_of_others_are_combined(string op, string states, string before, bool repeats, string after, string reason)
    {
        var alarm = Alarm(
            $"{{'name': 'n', 'type': 'combination', 'state': '{before}', 'repeat_actions': {(repeats ? "true" : "false")}, 'combination_rule': {{'alarm_ids': ['a', 'b'], 'operator': '{op}'}}}}");
        var parts = states.Split(' ');

        var refresh = CombinationEvaluation.Evaluate(alarm, (CombinationRule)alarm.Definition.Rule, id => parts[id == "a" ? 0 : 1] switch
        {
            "x" => null,
            "none" => AlarmState.InsufficientData,
            var name => AlarmNames.State(name),
        });

        Assert.Equal((after, reason), (refresh?.State.Name() ?? "", refresh?.Reason ?? ""));
    }

    [Fact]
    public void A_combination_names_the_alarms_it_is_due_to()
    {
        var alarm = Alarm("{'name': 'n', 'type': 'combination', 'combination_rule': {'alarm_ids': ['b', 'a']}}");

        var refresh = CombinationEvaluation.Evaluate(alarm, (CombinationRule)alarm.Definition.Rule, _ => AlarmState.Ok)!;

        Assert.Equal("""{"type":"combination","alarm_ids":["b","a"]}""", refresh.ReasonData);
    }

    [Fact]
    public void Combinations_in_a_circle_settle_or_go_on_but_never_hang()
    {
        var x = Alarm("{'name': 'x', 'type': 'combination', 'state': 'ok', 'combination_rule': {'alarm_ids': ['y', 'z']}}", "x");

        Assert.Equal(AlarmState.Alarm, CombinationEvaluation.Evaluate(x, (CombinationRule)x.Definition.Rule, _ => AlarmState.Alarm)!.State);
    }

    private const string OrOfAnd = "{'or': [LEAF, {'and': [LEAF, LEAF]}]}";
    private const string And = "{'and': [LEAF, LEAF]}";
    private const string Or = "{'or': [LEAF, LEAF]}";

    [Theory]
    // rule; verdicts of the leaves (a: alarm, o: ok, n: none, +: mixed towards alarm, -: mixed towards ok); state before; repeat; after; due to; leaves asked
    [InlineData(OrOfAnd, "aoo", "ok", false, "alarm", "rule1", 1)]
    [InlineData(OrOfAnd, "oaa", "ok", false, "alarm", "rule2, rule3", 3)]
    [InlineData(OrOfAnd, "oao", "alarm", false, "ok", "rule1, rule3", 3)]
    [InlineData(OrOfAnd, "ooa", "ok", false, "", "", 2)]
    [InlineData(OrOfAnd, "aoo", "alarm", true, "alarm", "rule1", 1)]
    [InlineData(And, "aa", "ok", false, "alarm", "rule1, rule2", 2)]
    [InlineData(And, "na", "ok", false, "insufficient data", "rule1", 2)]
    [InlineData(And, "no", "alarm", false, "ok", "rule2", 2)]
    [InlineData(And, "na", "insufficient data", true, "", "", 2)]
    [InlineData(Or, "na", "ok", false, "alarm", "rule2", 2)]
    [InlineData(Or, "no", "ok", false, "insufficient data", "rule1", 2)]
    // mixed leaves take their trend where nothing is known, else they move nothing
    [InlineData(And, "+a", "insufficient data", false, "alarm", "rule1, rule2", 2)]
    [InlineData(And, "-a", "insufficient data", false, "ok", "rule1", 2)]
    [InlineData(And, "-a", "alarm", false, "", "", 2)]
    [InlineData(And, "+a", "ok", false, "", "", 2)]
    [InlineData(And, "+a", "ok", true, "ok", "rule1", 2)]
    public void Leaves_are_combined_lazily(string rule, string verdicts, string before, bool repeats, string after, string due, int asked)
    {
        var alarm = Composite(rule, before, repeats);
        var leaves = ((CompositeRule)alarm.Definition.Rule).Leaves().ToList();
        var calls = new List<int>();

        var refresh = CompositeEvaluation.Evaluate(alarm, (CompositeRule)alarm.Definition.Rule, leaf =>
        {
            calls.Add(leaves.FindIndex(l => ReferenceEquals(l, leaf)));
            return verdicts[calls[^1]] switch
            {
                'a' => new(AlarmState.Alarm, AlarmState.Alarm, 1),
                'o' => new(AlarmState.Ok, AlarmState.Ok, 0),
                '+' => new(null, AlarmState.Alarm, 1),
                '-' => new(null, AlarmState.Ok, 1),
                _ => new(AlarmState.InsufficientData, AlarmState.InsufficientData, 0),
            };
        });

        Assert.Equal(after, refresh?.State.Name() ?? "");
        Assert.Equal(asked, calls.Count);
        Assert.Equal(calls.Distinct().Count(), calls.Count);
        if (refresh is not null)
            Assert.Contains($"due to rules: {due} ", refresh.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", "ok", "Composite rule alarm with composition form: (rule1 or (rule2 and rule3)) transition to alarm, due to rules: rule1 outside their threshold.")]
    [InlineData("o", "alarm", "Composite rule alarm with composition form: (rule1 or (rule2 and rule3)) transition to ok, due to rules: rule1, rule2 inside their threshold.")]
    [InlineData("n", "alarm", "Composite rule alarm with composition form: (rule1 or (rule2 and rule3)) transition to insufficient data, due to rules: rule1, rule2, rule3 state evaluated to unknown.")]
    public void A_composite_says_its_form_and_which_rules_it_is_due_to(string verdict, string before, string reason)
    {
        var alarm = Composite(OrOfAnd, before, false);
        var state = verdict switch { "a" => AlarmState.Alarm, "o" => AlarmState.Ok, _ => AlarmState.InsufficientData };

        var refresh = CompositeEvaluation.Evaluate(alarm, (CompositeRule)alarm.Definition.Rule, _ => new(state, state, 0))!;

        Assert.Equal(reason, refresh.Reason);
        var data = JsonDocument.Parse(refresh.ReasonData).RootElement;
        Assert.Equal(("composite", "(rule1 or (rule2 and rule3))"), (data.GetProperty("type").GetString(), data.GetProperty("composition_form").GetString()));
        Assert.Equal("m", data.GetProperty("causative_rules").GetProperty("rule1").GetProperty("meter_name").GetString());
        Assert.Equal("threshold", data.GetProperty("causative_rules").GetProperty("rule1").GetProperty("type").GetString());
    }

    [Fact]
    public void An_unchanged_composite_that_repeats_says_remaining()
    {
        var alarm = Composite(And, "alarm", true);

        Assert.Equal(
            "Composite rule alarm with composition form: (rule1 and rule2) remaining as alarm, due to rules: rule1, rule2 outside their threshold.",
            CompositeEvaluation.Evaluate(alarm, (CompositeRule)alarm.Definition.Rule, _ => new(AlarmState.Alarm, AlarmState.Alarm, 1))!.Reason);
    }

    [Fact]
    public void Nobody_knows_about_load_balancers()
    {
        const string body = "{'name': 'n', 'type': 'loadbalancer_member_health', 'state': 'STATE', 'loadbalancer_member_health_rule': {'pool_id': 'p', 'stack_id': 's', 'autoscaling_group_id': 'g'}}";
        var known = Alarm(body.Replace("STATE", "ok", StringComparison.Ordinal));
        var unknown = Alarm(body.Replace("STATE", "insufficient data", StringComparison.Ordinal));

        var refresh = LoadBalancerEvaluation.Evaluate(known, (LoadBalancerHealthRule)known.Definition.Rule)!;

        Assert.Equal(AlarmState.InsufficientData, refresh.State);
        Assert.Contains("no load-balancing endpoint is configured", refresh.Reason, StringComparison.Ordinal);
        Assert.Null(LoadBalancerEvaluation.Evaluate(unknown, (LoadBalancerHealthRule)unknown.Definition.Rule));
    }

    private static Alarm Composite(string rule, string state, bool repeats) => Alarm(
        $"{{'name': 'n', 'type': 'composite', 'state': '{state}', 'repeat_actions': {(repeats ? "true" : "false")}, 'composite_rule': "
        + rule.Replace("LEAF", "{'type': 'threshold', 'meter_name': 'm', 'threshold': 1}", StringComparison.Ordinal) + "}");
}
