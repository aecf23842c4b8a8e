namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>The values that a rule is judged by, oldest first.</summary>
/// <param name="Values">At most as many as are wanted.</param>
/// <param name="Wanted">How many have to be there for a judgement.</param>
/// <param name="UnknownReason">What to say where there are too few; null: the number that was wanted.</param>
/// <param name="AreCounts">Whether they are whole numbers, and printed so.</param>
public sealed record Datapoints(IReadOnlyList<double> Values, int Wanted, string? UnknownReason = null, bool AreCounts = false)
{
    public static Datapoints None(int wanted, string? reason = null) => new([], wanted, reason);
}

/// <summary>What a leaf rule says about its values.</summary>
/// <param name="State">Null: mixed, neither all nor none outside.</param>
/// <param name="Trend">Of mixed values: alarm where the newest is outside.</param>
/// <param name="Outside">How many are outside.</param>
public readonly record struct LeafVerdict(AlarmState? State, AlarmState Trend, int Outside)
{
    public static LeafVerdict Of(LeafRule rule, Datapoints points)
    {
        var outside = 0;
        foreach (var value in points.Values)
        {
            if (rule.IsOutside(value))
                outside++;
        }
        var count = points.Values.Count;
        if (count == 0 || count < points.Wanted)
            return new(AlarmState.InsufficientData, AlarmState.InsufficientData, outside);
        AlarmState? state = outside == count ? AlarmState.Alarm : outside == 0 ? AlarmState.Ok : null;
        return new(state, rule.IsOutside(points.Values[^1]) ? AlarmState.Alarm : AlarmState.Ok, outside);
    }
}
