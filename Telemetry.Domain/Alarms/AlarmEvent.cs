namespace Telemetry.Domain.Alarms;

/// <summary>Who did something, and for which project.</summary>
/// <param name="UserId">Null for the evaluator, and for callers without an identity.</param>
/// <param name="OnBehalfOf">The project that the alarm belongs to; at creation the caller's.</param>
public sealed record Actor(string? UserId, string? ProjectId, string? OnBehalfOf)
{
    /// <summary>The evaluator, which acts in nobody's name.</summary>
    public static Actor Evaluator(string? onBehalfOf) => new(null, null, onBehalfOf);
}

/// <summary>Why a state changed.</summary>
public enum ChangeCause
{
    /// <summary>A caller of the API set it. Never runs actions.</summary>
    Manual,

    /// <summary>The evaluator found it, or a telemetry event matched.</summary>
    Evaluation,
}

/// <summary>What has happened to one alarm; stored in <c>alarm-{id}</c>.</summary>
public abstract record AlarmEvent
{
    private AlarmEvent() { } // closed: only the records below

    /// <summary>The category of the streams.</summary>
    public const string Category = "alarm";

    /// <summary>The stored name.</summary>
    public abstract string Type { get; }

    public abstract Actor By { get; init; }

    /// <summary>When it happened (UTC), in microseconds.</summary>
    public abstract DateTimeOffset At { get; init; }

    public sealed record AlarmCreated(string AlarmId, AlarmDefinition Definition, AlarmState State, Actor By, DateTimeOffset At) : AlarmEvent
    {
        public const string Name = "alarm-created";
        public override string Type => Name;
    }

    /// <summary>The whole definition was replaced, and the state set where it differs.</summary>
    public sealed record AlarmChanged(AlarmDefinition Definition, AlarmState State, Actor By, DateTimeOffset At) : AlarmEvent
    {
        public const string Name = "alarm-changed";
        public override string Type => Name;
    }

    /// <summary>The state was set or found; <paramref name="From"/> and <paramref name="To"/> may be the same.</summary>
    /// <param name="ReasonData">What the reason was made of, a JSON object as text; null where it was set by hand.</param>
    /// <param name="Window">What was evaluated: the end of the window, or the id of the telemetry event; null where it was set by hand.</param>
    public sealed record AlarmStateChanged(
        AlarmState From, AlarmState To, string Reason, string? ReasonData, ChangeCause Cause, string? Window, Actor By, DateTimeOffset At) : AlarmEvent
    {
        public const string Name = "alarm-state-changed";
        public override string Type => Name;
    }

    public sealed record AlarmDeleted(Actor By, DateTimeOffset At) : AlarmEvent
    {
        public const string Name = "alarm-deleted";
        public override string Type => Name;
    }
}
