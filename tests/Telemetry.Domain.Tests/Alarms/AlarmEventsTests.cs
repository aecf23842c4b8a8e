using System.Text;
using System.Text.Json;
using Telemetry.Domain.Alarms;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

/// <summary>What was stored once can be read for ever: tests/data/stored holds every version of every shape.</summary>
public sealed class AlarmEventsTests
{
    [Theory]
    [InlineData("alarm-created", "alarm-created-v1.json")]
    [InlineData("alarm-created", "alarm-created-v1-composite.json")]
    [InlineData("alarm-changed", "alarm-changed-v1.json")]
    [InlineData("alarm-state-changed", "alarm-state-changed-v1.json")]
    [InlineData("alarm-deleted", "alarm-deleted-v1.json")]
    public void A_stored_event_reads_and_writes_the_same(string type, string file)
    {
        var stored = Stored(file);

        var happened = AlarmEvents.Read(type, stored);

        Assert.Equal(type, happened.Type);
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(stored).RootElement, JsonDocument.Parse(AlarmEvents.Write(happened).Utf8).RootElement),
            Encoding.UTF8.GetString(AlarmEvents.Write(happened).Utf8.Span));
    }

    [Theory]
    [InlineData("quota-set", "quota-set-v1.json")]
    [InlineData("quota-removed", "quota-removed-v1.json")]
    public void A_stored_quota_reads_and_writes_the_same(string type, string file)
    {
        var stored = Stored(file);

        var happened = QuotaEvents.Read(type, stored);

        Assert.Equal(type, happened.Type);
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(stored).RootElement, JsonDocument.Parse(QuotaEvents.Write(happened).Utf8).RootElement));
    }

    [Fact]
    public void A_stored_creation_gives_the_alarm_back()
    {
        var created = Assert.IsType<AlarmEvent.AlarmCreated>(AlarmEvents.Read("alarm-created", Stored("alarm-created-v1.json")));

        var rule = Assert.IsType<ThresholdRule>(created.Definition.Rule);
        Assert.Equal(("CPUUtilization", 50.0, 300, 2), (rule.MeterName, rule.Threshold, rule.PeriodSeconds, rule.EvaluationPeriods));
        Assert.Equal([new("resource_id", "eq", "inst-002"), new("source", "eq", "OS/compute", "string")], rule.Query);
        Assert.Null(created.Definition.OkActions);
        Assert.Equal(["http://bla.com/bla"], created.Definition.AlarmActions!);
        Assert.Equal(new TimeConstraint("nights", "at night", "0 22 * * *", 28800, "Europe/Berlin"), Assert.Single(created.Definition.TimeConstraints!));
        Assert.Equal(new Actor("u1", "p1", "p1"), created.By);
        Assert.Equal(new DateTimeOffset(2026, 11, 20, 9, 38, 35, TimeSpan.Zero).AddMicroseconds(593512), created.At);
    }

    [Theory]
    [InlineData("alarm-created", "{}")]
    [InlineData("alarm-state-changed", "[]")]
    [InlineData("alarm-deleted", "no json")]
    [InlineData("samples-recorded", "{}")]
    public void A_damaged_event_says_so(string type, string json) =>
        Assert.Contains(type, Assert.Throws<FormatException>(() => AlarmEvents.Read(type, Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void The_details_of_history_are_spelled_as_Python_spells_json()
    {
        var alarm = Cpu();
        var change = new AlarmEvent.AlarmChanged(alarm.Definition with { Severity = AlarmSeverity.Critical, Name = "größer" }, alarm.State, By, Now.AddSeconds(1));

        var record = AlarmHistory.Describe(alarm, AlarmDecider.Evolve(alarm, change), change, Guid.Empty)!;

        Assert.Equal(("rule change", """{"name": "gr\u00f6\u00dfer", "severity": "critical"}""", AlarmSeverity.Critical), (record.Type, record.Detail, record.Severity));
    }

    [Fact]
    public void A_changed_rule_appears_whole_with_floats_as_floats()
    {
        var alarm = Cpu();
        var change = new AlarmEvent.AlarmChanged(alarm.Definition with { Rule = (ThresholdRule)alarm.Definition.Rule with { Threshold = 300 } }, alarm.State, By, Now);

        Assert.Equal(
            """{"rule": {"meter_name": "cpu", "threshold": 300.0, "comparison_operator": "gt", "query": [], "period": 60, "evaluation_periods": 2, "statistic": "avg", "exclude_outliers": false}}""",
            AlarmHistory.Describe(alarm, AlarmDecider.Evolve(alarm, change), change, Guid.Empty)!.Detail);
    }

    [Fact]
    public void A_change_that_changes_nothing_leaves_no_record_but_moves_the_time_stamp()
    {
        var alarm = Cpu();
        var change = new AlarmEvent.AlarmChanged(alarm.Definition, alarm.State, By, Now.AddSeconds(1));

        Assert.Null(AlarmHistory.Describe(alarm, AlarmDecider.Evolve(alarm, change), change, Guid.Empty));
        Assert.Equal(Now.AddSeconds(1), AlarmDecider.Evolve(alarm, change).ChangedAt);
    }

    [Theory]
    [InlineData(ChangeCause.Manual, """{"state": "alarm", "state_reason": "why"}""", null)]
    [InlineData(ChangeCause.Evaluation, """{"state": "alarm", "transition_reason": "why"}""", AlarmSeverity.Low)]
    public void A_transition_tells_who_made_it(ChangeCause cause, string detail, AlarmSeverity? severity)
    {
        var alarm = Cpu();
        var change = new AlarmEvent.AlarmStateChanged(alarm.State, AlarmState.Alarm, "why", null, cause, null, By, Now);

        var record = AlarmHistory.Describe(alarm, AlarmDecider.Evolve(alarm, change), change, Guid.Empty)!;

        Assert.Equal(("state transition", detail, severity), (record.Type, record.Detail, record.Severity));
    }

    [Fact]
    public void A_state_changed_with_the_definition_is_a_rule_change()
    {
        var alarm = Cpu();
        var change = new AlarmEvent.AlarmChanged(alarm.Definition, AlarmState.Ok, By, Now.AddSeconds(1));

        var record = AlarmHistory.Describe(alarm, AlarmDecider.Evolve(alarm, change), change, Guid.Empty)!;

        Assert.Equal(("rule change", """{"state": "ok", "state_reason": "Manually set via API"}"""), (record.Type, record.Detail));
    }

    [Fact]
    public void A_creation_tells_the_whole_alarm()
    {
        var alarm = Cpu();
        var created = new AlarmEvent.AlarmCreated(alarm.Id, alarm.Definition, alarm.State, By, Now);

        var detail = JsonDocument.Parse(AlarmHistory.Describe(null, alarm, created, Guid.Empty)!.Detail).RootElement;

        Assert.Equal(
            ["alarm_actions", "alarm_id", "description", "enabled", "insufficient_data_actions", "name", "ok_actions", "project_id", "repeat_actions", "rule",
                "severity", "state", "state_reason", "state_timestamp", "time_constraints", "timestamp", "type", "user_id"],
            detail.EnumerateObject().Select(p => p.Name).Order(StringComparer.Ordinal));
        Assert.Equal("Alarm when cpu is gt a avg of 80.0 over 60 seconds", detail.GetProperty("description").GetString());
    }

    private static byte[] Stored(string file) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "data", "stored", file));
}
