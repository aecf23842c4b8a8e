namespace Telemetry.Domain.Alarms;

/// <summary>An order to one alarm.</summary>
public abstract record AlarmCommand
{
    private AlarmCommand() { } // closed: only the records below

    /// <summary>When it is carried out (UTC), in microseconds.</summary>
    public abstract DateTimeOffset Now { get; init; }

    public sealed record Create(string AlarmId, AlarmDefinition Definition, AlarmState State, Actor By, DateTimeOffset Now) : AlarmCommand;

    /// <summary>Replaces the definition.</summary>
    public sealed record Change(AlarmDefinition Definition, AlarmState State, Actor By, DateTimeOffset Now) : AlarmCommand;

    /// <summary>Sets the state by hand.</summary>
    /// <param name="Reason">Null: <see cref="Alarm.SetByHand"/>.</param>
    public sealed record SetState(AlarmState State, Actor By, DateTimeOffset Now, string? Reason = null) : AlarmCommand;

    /// <summary>Takes over what an evaluation found.</summary>
    /// <param name="Window">What was evaluated; the same window changes an alarm once.</param>
    public sealed record Evaluate(Refresh Refresh, string Window, DateTimeOffset Now) : AlarmCommand;

    public sealed record Delete(Actor By, DateTimeOffset Now) : AlarmCommand;
}

/// <summary>What an evaluation asks for: enter a state, or say again that it holds.</summary>
/// <param name="ReasonData">A JSON object as text.</param>
/// <param name="AlwaysRecord">Whether entering the state that it has already is a transition too.</param>
public sealed record Refresh(AlarmState State, string Reason, string ReasonData, bool AlwaysRecord = false);
