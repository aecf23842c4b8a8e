using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;

namespace Telemetry.Agents.Alarms;

/// <summary>An alarm that the evaluator looks after.</summary>
/// <param name="share">As <see cref="AlarmShares.Of"/>.</param>
internal sealed class WatchedAlarm(Alarm alarm, string share)
{
    public Alarm Alarm { get; set; } = alarm;

    public string Share => share;

    /// <summary>The rules that read values, in the order of the alarm's rule; empty for combinations and the like.</summary>
    public IReadOnlyList<InputLeaf> Leaves { get; set; } = [];

    /// <summary>Whether it is looked at in every cycle: to repeat its actions, or because the clock has a say in whether it is evaluated.</summary>
    public bool IsLookedAtAlways => Alarm.Definition.Repeats || Alarm.Definition.TimeConstraints is { Count: > 0 };
}

/// <summary>A rule that reads values.</summary>
internal sealed class InputLeaf(WatchedAlarm alarm, LeafRule rule, InputWindow window)
{
    public WatchedAlarm Alarm => alarm;

    public LeafRule Rule => rule;

    public InputWindow Window => window;

    /// <summary>What was read last; null before.</summary>
    public Datapoints? Points { get; set; }
}

/// <summary>Values that are read at once, by all rules that want the same.</summary>
/// <param name="key">Equal for the same values.</param>
/// <param name="meters">The meters whose samples can change them.</param>
/// <param name="resourceId">The one resource whose samples can; null for any.</param>
/// <param name="projectId">The one project; null for any.</param>
/// <param name="series">What a threshold rule reads; null for other rules, which read by themselves.</param>
/// <param name="seconds">How far it looks back, of a threshold rule.</param>
internal sealed class InputWindow(object key, IReadOnlyList<string> meters, string? resourceId, string? projectId, SeriesPlan? series = null, int period = 0, long seconds = 0)
{
    public object Key => key;

    public IReadOnlyList<string> Meters => meters;

    public string? ResourceId => resourceId;

    public string? ProjectId => projectId;

    public SeriesPlan? Series => series;

    public int PeriodSeconds => period;

    public long Seconds => seconds;

    public List<InputLeaf> Leaves { get; } = [];

    /// <summary>When the same samples can give other values, microseconds since 1970: the window moves on, and samples leave a period, or it.</summary>
    public long DueAt { get; set; } = long.MinValue;

    /// <summary>When it is looked at whether it is due: not later than <see cref="DueAt"/>, so that it stands in the queue once however often it is read.</summary>
    public long QueuedAt { get; set; } = long.MaxValue;

    /// <summary>The position in the log of the last sample that may belong to it.</summary>
    public long ChangedAt { get; set; }

    /// <summary>The newest timestamp of those samples; at first there may be some of any time.</summary>
    public long NewestAt { get; set; } = long.MaxValue;
}
