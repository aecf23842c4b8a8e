using Telemetry.Domain.Statistics;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>Rules that compare values with a threshold: which values count, and what follows from them.</summary>
/// <remarks>Source: aodh/evaluator/threshold.py.</remarks>
public static class ThresholdEvaluation
{
    /// <summary>How far back a rule looks: one period more than it judges, or twice as many to tell outliers by.</summary>
    /// <param name="lagSeconds">How long samples take to arrive.</param>
    public static TimeSpan Window(ThresholdRule rule, int lagSeconds = 0)
    {
        var lookback = rule.ExcludeOutliers ? rule.EvaluationPeriods : 1;
        return TimeSpan.FromSeconds((double)rule.PeriodSeconds * ((double)rule.EvaluationPeriods + lookback) + lagSeconds);
    }

    /// <summary>When the same samples can give other values, in microseconds since 1970: periods move with the window, and a sample leaves one that counts.</summary>
    /// <param name="rows">As for <see cref="Values"/>.</param>
    /// <param name="now">When they were read.</param>
    /// <returns><see cref="long.MaxValue"/> where there is nothing that could leave.</returns>
    public static long ChangesAt(ThresholdRule rule, IReadOnlyCollection<StatisticsRow> rows, long now)
    {
        var counting = rule.ExcludeOutliers || rows.Count <= rule.EvaluationPeriods
            ? long.MinValue // outliers are told by all periods
            : rows.Select(r => r.PeriodStart).OrderDescending().ElementAt(rule.EvaluationPeriods - 1);
        var changes = long.MaxValue;
        foreach (var row in rows)
        {
            if (row.PeriodStart >= counting)
                changes = Math.Min(changes, now + row.Total.FirstAt - row.PeriodStart + 1);
        }
        return changes;
    }

    /// <summary>The values of a rule out of the statistics of its window.</summary>
    /// <param name="rows">In any order; empty periods are absent, so that those that are kept need not follow each other.</param>
    public static Datapoints Values(ThresholdRule rule, IEnumerable<StatisticsRow> rows)
    {
        var periods = rows.OrderBy(r => r.PeriodStart).ToList();
        if (rule.ExcludeOutliers && periods.Count > 0)
        {
            var mean = periods.Average(r => (double)r.Total.Count);
            var deviation = Math.Sqrt(periods.Average(r => (r.Total.Count - mean) * (r.Total.Count - mean)));
            periods.RemoveAll(r => r.Total.Count < mean - 2 * deviation || r.Total.Count > mean + 2 * deviation);
        }
        return new(
            periods.TakeLast(rule.EvaluationPeriods).Select(r => Value(rule.Statistic, r.Total)).ToList(), rule.EvaluationPeriods,
            AreCounts: rule.Statistic == AlarmStatistic.Count);
    }

    /// <summary>What an alarm does about its values; null where it does nothing.</summary>
    public static Refresh? Evaluate(Alarm alarm, LeafRule rule, Datapoints points)
    {
        var verdict = LeafVerdict.Of(rule, points);
        var unknown = alarm.State == AlarmState.InsufficientData;
        var repeats = alarm.Definition.Repeats;
        switch (verdict.State)
        {
            case null when unknown:
                return Because(alarm.State, verdict.Trend, verdict, points);
            case null:
                return repeats ? Because(alarm.State, alarm.State, verdict, points) : null;
            case AlarmState.InsufficientData when !unknown:
                var wanted = rule is PrometheusRule ? points.Values.Count : points.Wanted;
                return new(
                    AlarmState.InsufficientData, points.UnknownReason ?? $"{wanted} datapoints are unknown", Data("unknown", wanted, points));
            case { } state when state != alarm.State || repeats:
                return Because(alarm.State, state, verdict, points);
            default:
                return null;
        }
    }

    private static double Value(AlarmStatistic statistic, in Accumulator total) => statistic switch
    {
        AlarmStatistic.Max => total.Max,
        AlarmStatistic.Min => total.Min,
        AlarmStatistic.Sum => total.Sum,
        AlarmStatistic.Count => total.Count,
        _ => total.Average,
    };

    private static Refresh Because(AlarmState from, AlarmState to, LeafVerdict verdict, Datapoints points)
    {
        var disposition = to == AlarmState.Ok ? "inside" : "outside";
        var count = to == AlarmState.Ok ? points.Values.Count - verdict.Outside : verdict.Outside;
        var change = from == to ? "Remaining as" : "Transition to";
        return new(
            to, $"{change} {to.Name()} due to {count} samples {disposition} threshold, most recent: {Newest(points, "None")}", Data(disposition, count, points));
    }

    private static string Data(string disposition, int count, Datapoints points) =>
        $$"""{"type": "threshold", "disposition": "{{disposition}}", "count": {{count}}, "most_recent": {{Newest(points, "null")}}}""";

    private static string Newest(Datapoints points, string none) => points.Values is []
        ? none
        : points.AreCounts ? points.Values[^1].ToString("F0") : PythonText.Float(points.Values[^1]);
}
