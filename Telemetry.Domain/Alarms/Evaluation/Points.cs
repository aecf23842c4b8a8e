using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Domain.Alarms.Evaluation;

/// <summary>Points of metrics out of samples, as the gnocchi rules want them: granules from 1970 on, aggregated by name.</summary>
/// <remarks>Source: the metric service's aggregates call with needed_overlap 0.</remarks>
public static class Points
{
    /// <summary>The window of a rule, start floored to its granule.</summary>
    /// <param name="now">Microseconds since 1970; itself in the window.</param>
    public static TimeRange Window(GnocchiRule rule, long now)
    {
        var granule = rule.GranularitySeconds * UnixMicroseconds.PerSecond;
        var from = now - granule * (rule.EvaluationPeriods + 1);
        return new(from - ((from % granule) + granule) % granule, now + 1);
    }

    /// <summary>When the window of a rule begins with another granule, and the same samples can give other points.</summary>
    public static long ChangesAt(GnocchiRule rule, long now)
    {
        var granule = rule.GranularitySeconds * UnixMicroseconds.PerSecond;
        return now - ((now % granule) + granule) % granule + granule;
    }

    /// <summary>The method without <c>rate:</c>.</summary>
    public static string BaseMethod(string method) => IsRate(method) ? method["rate:".Length..] : method;

    public static bool IsRate(string method) => method.StartsWith("rate:", StringComparison.Ordinal);

    /// <summary>What a reader has to compute beside the accumulator; null where that is enough.</summary>
    public static Aggregate? AggregateOf(string baseMethod) => baseMethod switch
    {
        "first" or "last" or "median" => Aggregate.Parse(baseMethod),
        _ when AlarmRuleChecks.Percentile(baseMethod) is { } percent => new(AggregateFunction.Percentile, baseMethod, Percentile: percent),
        _ => null,
    };

    /// <summary>The value of one granule of one metric; null where it has none (the deviation of a single sample).</summary>
    public static double? Value(string baseMethod, StatisticsRow row) => baseMethod switch
    {
        "mean" => row.Total.Average,
        "sum" => row.Total.Sum,
        "min" => row.Total.Min,
        "max" => row.Total.Max,
        "count" => row.Total.Count,
        "std" => row.Total.Count > 1 ? Math.Sqrt(row.Total.M2 / (row.Total.Count - 1)) : null,
        _ => row.Values is [var value, ..] ? value : null,
    };

    /// <summary>Aggregates several metrics, granule by granule, into the newest points of one series.</summary>
    /// <param name="points">Start of the granule and value, of all metrics, in any order.</param>
    /// <param name="method">A rate is the difference of successive aggregated points: the first one is lost.</param>
    public static IReadOnlyList<double> Aggregated(IEnumerable<(long Start, double Value)> points, string method)
    {
        var series = points.GroupBy(p => p.Start).OrderBy(g => g.Key).Select(g => Over(BaseMethod(method), [.. g.Select(p => p.Value)])).ToList();
        return IsRate(method) ? series.Zip(series.Skip(1), (a, b) => b - a).ToList() : series;
    }

    /// <summary>Differences of successive samples of one metric, each dated at the later one, aggregated by granule.</summary>
    /// <param name="samples">Ascending by time; the first one may lie before the window.</param>
    public static IReadOnlyList<double> Rates(IReadOnlyList<(long At, double Volume)> samples, GnocchiRule rule, long from)
    {
        var granule = rule.GranularitySeconds * UnixMicroseconds.PerSecond;
        return samples.Zip(samples.Skip(1), (a, b) => (b.At, Difference: b.Volume - a.Volume))
            .Where(d => d.At >= from).GroupBy(d => Math.DivRem(d.At, granule).Quotient).OrderBy(g => g.Key)
            .Select(g => (Method: BaseMethod(rule.AggregationMethod), Values: g.Select(d => d.Difference).ToList()))
            .Where(g => g.Method != "std" || g.Values.Count > 1)
            .Select(g => g.Method == "std" ? Math.Sqrt(SquaredDifferences(g.Values) / (g.Values.Count - 1)) : Over(g.Method, g.Values)).ToList();
    }

    private static double Over(string method, List<double> values) => method switch
    {
        "mean" => values.Average(),
        "sum" => values.Sum(),
        "min" => values.Min(),
        "max" => values.Max(),
        "count" => values.Count,
        "std" => Math.Sqrt(SquaredDifferences(values) / values.Count),
        "first" => values[0],
        "last" => values[^1],
        _ => Percentile([.. values.Order()], AlarmRuleChecks.Percentile(method) ?? 50),
    };

    private static double SquaredDifferences(List<double> values)
    {
        var mean = values.Average();
        return values.Sum(v => (v - mean) * (v - mean));
    }

    private static double Percentile(List<double> sorted, double percent)
    {
        var rank = percent / 100 * (sorted.Count - 1);
        var below = (int)rank;
        var above = Math.Min(below + 1, sorted.Count - 1);
        return sorted[below] + (sorted[above] - sorted[below]) * (rank - below);
    }
}
