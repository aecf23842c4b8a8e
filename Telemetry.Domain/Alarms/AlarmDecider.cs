using System.Diagnostics;

namespace Telemetry.Domain.Alarms;

/// <summary>Decides what follows from a command, and what an alarm is after an event. Pure.</summary>
public static class AlarmDecider
{
    /// <summary>What follows from a command: nothing, where it changes nothing.</summary>
    /// <remarks>A caller's PUT is always a fact: it sets a time stamp that the API shows.</remarks>
    /// <param name="alarm">Null before its first event.</param>
    /// <exception cref="AlarmRefusedException">There is no such alarm (any more).</exception>
    public static IReadOnlyList<AlarmEvent> Decide(AlarmCommand command, Alarm? alarm) => (command, alarm) switch
    {
        (AlarmCommand.Create c, null) => [new AlarmEvent.AlarmCreated(c.AlarmId, c.Definition, c.State, c.By, c.Now)],
        (AlarmCommand.Create, _) => [],
        (AlarmCommand.Delete, { IsDeleted: true }) => [],
        (AlarmCommand.Evaluate, { IsDeleted: true } or null) => [],
        (_, null or { IsDeleted: true }) => throw AlarmRefusedException.NotFound(alarm?.Id ?? "?"),
        (AlarmCommand.Change c, _) => [new AlarmEvent.AlarmChanged(c.Definition, c.State, c.By, c.Now)],
        (AlarmCommand.SetState c, _) =>
            [new AlarmEvent.AlarmStateChanged(alarm.State, c.State, c.Reason ?? Alarm.SetByHand, null, ChangeCause.Manual, null, c.By, c.Now)],
        (AlarmCommand.Evaluate c, _) when c.Window == alarm.Window || (c.Refresh.State == alarm.State && !c.Refresh.AlwaysRecord) => [],
        (AlarmCommand.Evaluate c, _) =>
            [new AlarmEvent.AlarmStateChanged(
                alarm.State, c.Refresh.State, c.Refresh.Reason, c.Refresh.ReasonData, ChangeCause.Evaluation, c.Window,
                Actor.Evaluator(alarm.Definition.ProjectId), c.Now)],
        (AlarmCommand.Delete c, _) => [new AlarmEvent.AlarmDeleted(c.By, c.Now)],
        _ => throw new UnreachableException($"{command.GetType().Name} is no command."),
    };

    /// <summary>The alarm after an event.</summary>
    /// <exception cref="InvalidOperationException">The event cannot follow: the stream is damaged.</exception>
    public static Alarm Evolve(Alarm? alarm, AlarmEvent happened) => (alarm, happened) switch
    {
        (null, AlarmEvent.AlarmCreated e) =>
            new(e.AlarmId, e.Definition, e.State, Alarm.NotEvaluatedYet, e.At, e.At, e.At, e.At, null, false, 1),
        ({ IsDeleted: false }, AlarmEvent.AlarmChanged e) => alarm with
        {
            Definition = e.Definition,
            State = e.State,
            StateReason = e.State == alarm.State ? alarm.StateReason : Alarm.SetByHand,
            StateChangedAt = e.State == alarm.State ? alarm.StateChangedAt : e.At,
            ChangedAt = e.At,
            Version = alarm.Version + 1,
        },
        ({ IsDeleted: false }, AlarmEvent.AlarmStateChanged e) => alarm with
        {
            State = e.To,
            StateReason = e.Reason,
            StateChangedAt = e.At,
            EvaluatedAt = e.Cause == ChangeCause.Evaluation ? e.At : alarm.EvaluatedAt,
            Window = e.Window ?? alarm.Window,
            Version = alarm.Version + 1,
        },
        ({ IsDeleted: false }, AlarmEvent.AlarmDeleted) => alarm with { IsDeleted = true, Version = alarm.Version + 1 },
        _ => throw new InvalidOperationException($"{happened.Type} cannot follow in the stream of alarm {alarm?.Id ?? "(none)"}."),
    };

    /// <summary>The alarm that events make; null without any.</summary>
    public static Alarm? Fold(IEnumerable<AlarmEvent> events) => events.Aggregate((Alarm?)null, Evolve);
}
