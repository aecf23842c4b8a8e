using Telemetry.Domain.Alarms;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class AlarmDeciderTests
{
    private static readonly DateTimeOffset Later = Now.AddMinutes(1);
    private static readonly Refresh ToAlarm = new(AlarmState.Alarm, "why", "{}");

    [Fact]
    public void A_new_alarm_is_not_evaluated_yet_whatever_state_it_was_given()
    {
        var alarm = Cpu(AlarmState.Ok);

        Assert.Equal(
            (AlarmState.Ok, "Not evaluated yet", Now, Now, 1L), (alarm.State, alarm.StateReason, alarm.StateChangedAt, alarm.ChangedAt, alarm.Version));
    }

    [Fact]
    public void Creating_an_alarm_that_is_there_changes_nothing() =>
        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Create("a1", Cpu().Definition, AlarmState.Ok, By, Later), Cpu()));

    [Fact]
    public void A_change_that_leaves_the_state_leaves_its_reason_and_time()
    {
        var changed = Then(Cpu(AlarmState.Ok), new AlarmCommand.Change(Cpu().Definition with { Name = "other" }, AlarmState.Ok, By, Later));

        Assert.Equal(("other", "Not evaluated yet", Now, Later), (changed.Definition.Name, changed.StateReason, changed.StateChangedAt, changed.ChangedAt));
    }

    [Fact]
    public void A_change_of_the_state_is_one_by_hand()
    {
        var changed = Then(Cpu(AlarmState.Ok), new AlarmCommand.Change(Cpu().Definition, AlarmState.Alarm, By, Later));

        Assert.Equal((AlarmState.Alarm, "Manually set via API", Later), (changed.State, changed.StateReason, changed.StateChangedAt));
    }

    [Fact]
    public void Setting_the_state_is_recorded_even_where_it_is_that_already()
    {
        var events = AlarmDecider.Decide(new AlarmCommand.SetState(AlarmState.Ok, By, Later), Cpu(AlarmState.Ok));

        Assert.Equal(new AlarmEvent.AlarmStateChanged(AlarmState.Ok, AlarmState.Ok, "Manually set via API", null, ChangeCause.Manual, null, By, Later), Assert.Single(events));
    }

    [Fact]
    public void An_evaluation_that_finds_the_same_state_changes_nothing() =>
        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Evaluate(ToAlarm, "w1", Later), Cpu(AlarmState.Alarm)));

    [Fact]
    public void A_window_changes_an_alarm_once()
    {
        var fired = Then(Cpu(), new AlarmCommand.Evaluate(ToAlarm, "w1", Later));
        var reset = Then(fired, new AlarmCommand.SetState(AlarmState.Ok, By, Later));

        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Evaluate(ToAlarm, "w1", Later), reset));
        Assert.Single(AlarmDecider.Decide(new AlarmCommand.Evaluate(ToAlarm, "w2", Later), reset));
    }

    [Fact]
    public void A_transition_by_the_evaluator_keeps_its_reason_and_window_and_is_nobodys()
    {
        var happened = Assert.IsType<AlarmEvent.AlarmStateChanged>(Assert.Single(AlarmDecider.Decide(new AlarmCommand.Evaluate(ToAlarm, "w1", Later), Cpu())));

        Assert.Equal((AlarmState.InsufficientData, AlarmState.Alarm, "why", "w1"), (happened.From, happened.To, happened.Reason, happened.Window));
        Assert.Equal(new Actor(null, null, "p"), happened.By);
    }

    [Fact]
    public void A_deleted_alarm_is_not_found_but_for_deleting_it_again_and_late_evaluations()
    {
        var deleted = Then(Cpu(), new AlarmCommand.Delete(By, Later));

        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Delete(By, Later), deleted));
        Assert.Empty(AlarmDecider.Decide(new AlarmCommand.Evaluate(ToAlarm, "w1", Later), deleted));
        var refused = Assert.Throws<AlarmRefusedException>(() => AlarmDecider.Decide(new AlarmCommand.SetState(AlarmState.Ok, By, Later), deleted));
        Assert.Equal((Refusal.NotFound, "Alarm a1 not found"), (refused.Reason, refused.Message));
    }

    [Fact]
    public void An_event_that_cannot_follow_stops_reading() => Assert.Throws<InvalidOperationException>(
        () => AlarmDecider.Evolve(null, new AlarmEvent.AlarmDeleted(By, Now)));

    [Fact]
    public void A_quota_that_is_set_already_is_not_set_again()
    {
        var set = new QuotaCommand.Set("p", 3, By, Now);

        Assert.Single(QuotaDecider.Decide(set, null));
        Assert.Empty(QuotaDecider.Decide(set, 3));
        Assert.Empty(QuotaDecider.Decide(new QuotaCommand.Remove("p", By, Now), null));
        Assert.Null(QuotaDecider.Evolve(3, Assert.Single(QuotaDecider.Decide(new QuotaCommand.Remove("p", By, Now), 3))));
    }

    private static Alarm Then(Alarm alarm, AlarmCommand command) => AlarmDecider.Decide(command, alarm).Aggregate(alarm, AlarmDecider.Evolve);
}
