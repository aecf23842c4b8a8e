using System.Text.Json;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.TelemetryEvents;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class EventEvaluationTests
{
    private const string Created = """
        {"message_id": "m1", "event_type": "compute.instance.update", "generated": "2026-11-20T09:38:35",
         "traits": [["project_id", 1, "p"], ["state", 1, "error"], ["vcpus", 2, 4], ["load", 3, 0.5], ["launched_at", 4, "2026-11-20T09:00:00"]]}
        """;

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("compute.*", "", true)]
    [InlineData("compute.instance.updat?", "", true)]
    [InlineData("compute.instance.[u-z]pdate", "", true)]
    [InlineData("compute.instance.[!u]pdate", "", false)]
    [InlineData("volume.*", "", false)]
    [InlineData("*", "{'field': 'traits.state', 'value': 'error'}", true)]
    [InlineData("*", "{'field': 'traits.state', 'op': 'ne', 'value': 'error'}", false)]
    [InlineData("*", "{'field': 'traits.vcpus', 'op': 'ge', 'value': '4', 'type': 'integer'}", true)]
    [InlineData("*", "{'field': 'traits.vcpus', 'op': 'gt', 'value': '3.5', 'type': 'float'}", true)]
    [InlineData("*", "{'field': 'traits.vcpus', 'op': 'lt', 'value': '4', 'type': 'integer'}", false)]
    [InlineData("*", "{'field': 'traits.vcpus', 'value': '4'}", false)] // a text is no number
    [InlineData("*", "{'field': 'traits.load', 'op': 'le', 'value': '0.5', 'type': 'float'}", true)]
    [InlineData("*", "{'field': 'traits.launched_at', 'op': 'lt', 'value': '2026-11-20T10:00:00', 'type': 'datetime'}", true)]
    [InlineData("*", "{'field': 'traits.missing', 'op': 'ne', 'value': 'x'}", false)]
    [InlineData("*", "{'field': 'event_type', 'value': 'compute.instance.update'}", true)]
    [InlineData("*", "{'field': 'traits.state', 'value': 'error'}, {'field': 'traits.vcpus', 'value': '5', 'type': 'integer'}", false)]
    public void An_event_fires_where_type_and_every_condition_match(string pattern, string query, bool fires)
    {
        var alarm = On(pattern, query);

        Assert.Equal(fires ? AlarmState.Alarm : null, EventEvaluation.Evaluate(alarm, (EventRule)alarm.Definition.Rule, Trigger(Created))?.State);
    }

    [Theory]
    [InlineData("ok", false, true, false)]
    [InlineData("insufficient data", false, true, false)]
    [InlineData("alarm", false, false, false)]
    [InlineData("alarm", true, true, true)] // each event is a transition of its own
    public void It_fires_again_only_where_actions_repeat(string before, bool repeats, bool fires, bool again)
    {
        var alarm = On("*", "", before, repeats);

        var refresh = EventEvaluation.Evaluate(alarm, (EventRule)alarm.Definition.Rule, Trigger(Created));

        Assert.Equal(fires, refresh is not null);
        Assert.Equal(again, refresh is not null && AlarmDecider.Decide(new AlarmCommand.Evaluate(refresh, "m1", Now), alarm).Count == 1 && alarm.State == AlarmState.Alarm);
    }

    [Fact]
    public void The_same_event_fires_once_however_often_it_arrives()
    {
        var alarm = On("*", "", "ok", repeats: true);
        var refresh = EventEvaluation.Evaluate(alarm, (EventRule)alarm.Definition.Rule, Trigger(Created))!;
        var fired = AlarmDecider.Decide(new AlarmCommand.Evaluate(refresh, "m1", Now), alarm).Aggregate(alarm, AlarmDecider.Evolve);

        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Evaluate(refresh, "m1", Now), fired));
    }

    [Fact]
    public void The_reason_names_event_and_query()
    {
        var alarm = On("*", "{'field': 'traits.state', 'value': 'error', 'type': 'string'}");

        var refresh = EventEvaluation.Evaluate(alarm, (EventRule)alarm.Definition.Rule, Trigger(Created))!;

        Assert.Equal(
            """Event <id=m1,event_type=compute.instance.update> hits the query <query=[{"field": "traits.state", "op": "eq", "type": "string", "value": "error"}]>.""",
            refresh.Reason);
        var data = JsonDocument.Parse(refresh.ReasonData).RootElement;
        Assert.Equal("event", data.GetProperty("type").GetString());
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(Created).RootElement, data.GetProperty("event")));
    }

    [Theory]
    [InlineData("""[["project_id", 1, "p"]]""", true)]
    [InlineData("""[["tenant_id", 1, "p"]]""", true)]
    [InlineData("""[["project_id", 1, "other"], ["tenant_id", 1, "p"]]""", true)]
    [InlineData("""[["tenant_id", 1, "p"], ["project_id", 1, "other"]]""", false)]
    [InlineData("[]", false)]
    public void Only_alarms_of_the_events_project_are_asked(string traits, bool fires)
    {
        var alarm = On("*", "");

        Assert.Equal(fires, EventEvaluation.Evaluate(
            alarm, (EventRule)alarm.Definition.Rule, Trigger($$"""{"message_id": "m", "event_type": "e", "generated": "2026-11-20T09:38:35", "traits": {{traits}}}""")) is not null);
    }

    [Fact]
    public void A_disabled_alarm_is_not_asked()
    {
        var alarm = On("*", "");
        var disabled = alarm with { Definition = alarm.Definition with { Enabled = null } };

        Assert.Null(EventEvaluation.Evaluate(disabled, (EventRule)disabled.Definition.Rule, Trigger(Created)));
    }

    [Theory]
    [InlineData("a*b*c", "aXXbYYc", true)]
    [InlineData("a*b*c", "aXXcYYb", false)]
    [InlineData("[]]", "]", true)]
    [InlineData("[a", "[a", true)]
    [InlineData("[!]a]", "b", true)]
    [InlineData("", "", true)]
    [InlineData("**", "x", true)]
    [InlineData("?", "", false)]
    [InlineData("a.c", "abc", false)]
    public void Patterns_match_as_in_a_shell(string pattern, string text, bool matches) => Assert.Equal(matches, ShellPattern.IsMatch(pattern, text));

    [Fact]
    public void A_pattern_of_many_stars_does_not_run_away() => Assert.False(ShellPattern.IsMatch(string.Concat(Enumerable.Repeat("*a", 500)) + "b", new string('a', 5_000)));

    private static TriggeringEvent Trigger(string json) => new(TelemetryEventJson.Read(JsonDocument.Parse(json).RootElement));

    private static Alarm On(string pattern, string query, string state = "ok", bool repeats = false) => Alarm(
        $"{{'name': 'n', 'type': 'event', 'state': '{state}', 'repeat_actions': {(repeats ? "true" : "false")}, 'event_rule': {{'event_type': '{pattern}', 'query': [{query}]}}}}");
}
