using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;

namespace Telemetry.Agents.Alarms;

/// <summary>Reads the values of many rules at once: rules on the same meter, period and kind of condition share one query.</summary>
internal sealed class LeafReader(IMeteringReader reader, PrometheusClient prometheus, ILogger<LeafReader> log)
{
    /// <summary>Above so many series of one meter, one query that groups is cheaper than one each.</summary>
    private const int MaxSingleQueries = 16;

    /// <summary>The most samples that a rate is computed from.</summary>
    private const int MaxRateSamples = 100_000;

    /// <summary>Reads windows: gives their rules values, and says when they are due again. A rule whose values cannot be read has none, with the reason.</summary>
    /// <param name="now">The end of all windows.</param>
    public async Task ReadAsync(IEnumerable<InputWindow> windows, DateTimeOffset now, CancellationToken ct)
    {
        var at = UnixMicroseconds.From(now);
        var groups = new Dictionary<((string, string, string), int, long), List<(InputWindow Window, SeriesPlan Plan)>>();
        foreach (var window in windows)
        {
            if (window.Series is { } plan)
            {
                var key = (plan.SharedKey, window.PeriodSeconds, window.Seconds);
                if (!groups.TryGetValue(key, out var group))
                    groups.Add(key, group = []);
                group.Add((window, plan));
                continue;
            }
            var isRead = true;
            Datapoints points;
            switch (window.Leaves[0].Rule) // they are all equal
            {
                case GnocchiRule rule:
                    var saysWhy = window.Leaves.Any(l => l.Alarm.Alarm.State != AlarmState.InsufficientData);
                    (points, isRead) = await TryAsync(() => ReadAsync(rule, saysWhy, at, ct), rule.EvaluationPeriods);
                    window.DueAt = !isRead ? long.MinValue : points.Values is [] ? long.MaxValue : Points.ChangesAt(rule, at);
                    break;
                case PrometheusRule rule:
                    (points, _) = await TryAsync(() => prometheus.QueryAsync(rule, now, ct), 0);
                    window.DueAt = long.MinValue; // nobody tells when its series change
                    break;
                case var rule:
                    throw new UnreachableException($"'{rule.Type}' reads nothing.");
            }
            foreach (var leaf in window.Leaves)
                leaf.Points = points;
        }
        foreach (var ((_, period, window), group) in groups)
            await ReadAsync(group, period, window, at, ct);
    }

    /// <summary>Which series of a meter have samples of later than an instant, and from when to when.</summary>
    public async Task<IReadOnlyList<StatisticsRow>> AheadAsync(string meter, long now, CancellationToken ct) => await reader.StatisticsAsync(
        new(Predicate.Equal(Field.Meter, meter), new(now + 1, null), null, null, [Field.ResourceId, Field.ProjectId], []), ct);

    private async Task ReadAsync(List<(InputWindow Window, SeriesPlan Plan)> group, int period, long seconds, long now, CancellationToken ct)
    {
        var from = Math.Max(now - seconds * UnixMicroseconds.PerSecond, UnixMicroseconds.Min);
        var range = new TimeRange(from, now + 1);
        var rows = new Dictionary<string, List<StatisticsRow>>(StringComparer.Ordinal);
        var failed = new HashSet<string>(StringComparer.Ordinal);
        var nothing = new Dictionary<(int, bool), Datapoints>();
        var first = group[0].Plan;
        var shared = group.Count > MaxSingleQueries && first.Fields.Count > 0
            && await TryAsync(new(new Predicate.All([Predicate.Equal(Field.Meter, first.Meter), first.Rest]), range, period, from, first.Fields, []));
        if (!shared)
        {
            rows.Clear();
            foreach (var (_, plan) in group)
            {
                if (!await TryAsync(new(plan.Filter, range, period, from, [], []), plan.SeriesKey))
                    failed.Add(plan.SeriesKey);
            }
        }
        foreach (var (window, plan) in group)
        {
            var own = rows.GetValueOrDefault(plan.SeriesKey);
            window.DueAt = failed.Contains(plan.SeriesKey) ? long.MinValue : long.MaxValue;
            foreach (var leaf in window.Leaves)
            {
                var rule = (ThresholdRule)leaf.Rule;
                leaf.Points = own is null ? Nothing(rule) : ThresholdEvaluation.Values(rule, own);
                if (own is not null)
                    window.DueAt = Math.Min(window.DueAt, ThresholdEvaluation.ChangesAt(rule, own, now));
            }
        }

        // Rules without samples share what they get.
        Datapoints Nothing(ThresholdRule rule)
        {
            var key = (rule.EvaluationPeriods, rule.Statistic == AlarmStatistic.Count);
            if (!nothing.TryGetValue(key, out var none))
                nothing.Add(key, none = ThresholdEvaluation.Values(rule, []));
            return none;
        }

        async Task<bool> TryAsync(StatisticsQuery query, string? key = null)
        {
            try
            {
                foreach (var row in await reader.StatisticsAsync(query, ct))
                {
                    var series = key ?? string.Join('\0', row.Group.Select(v => v.Text));
                    if (!rows.TryGetValue(series, out var own))
                        rows.Add(series, own = []);
                    own.Add(row);
                }
                return true;
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                // A failing statistics call counts as no values.
                Log.StatisticsFailed(log, first.Meter, e);
                return false;
            }
        }
    }

    private static async Task<(Datapoints Points, bool IsRead)> TryAsync(Func<Task<Datapoints>> read, int wanted)
    {
        try
        {
            return (await read(), true);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return (Datapoints.None(wanted, $"alarm statistics retrieval failed: {e.Message}"), false);
        }
    }

    private async Task<Datapoints> ReadAsync(GnocchiRule rule, bool saysWhy, long now, CancellationToken ct)
    {
        var range = Points.Window(rule, now);
        var scope = rule.ScopeToProject is { } project ? Predicate.Equal(Field.ProjectId, project) : Predicate.True;
        var values = rule switch
        {
            GnocchiResourcesRule r when Points.IsRate(r.AggregationMethod) => await RatesAsync(r, Filter(r, scope), range, ct),
            GnocchiResourcesRule r => Points.Aggregated(await PointsAsync(rule, Filter(r, scope), range, [], ct), "mean"),
            GnocchiMetricsRule r => Points.Aggregated(await MetricsAsync(r, scope, range, ct), r.AggregationMethod),
            GnocchiSearchRule r => Points.Aggregated(
                await PointsAsync(rule, new Predicate.All([Predicate.Equal(Field.Meter, r.Metric), RuleConditions.OfSearch(r.Query), scope]), range, [Field.ResourceId], ct),
                r.AggregationMethod),
            _ => throw new ArgumentException($"'{rule.Type}' is no gnocchi rule.", nameof(rule)),
        };
        var reason = values.Count > 0 || !saysWhy ? null : await WhyNoneAsync(rule, scope, ct);
        return new([.. values.TakeLast(rule.EvaluationPeriods)], rule.EvaluationPeriods, reason);
    }

    private static Predicate.All Filter(GnocchiResourcesRule rule, Predicate scope) =>
        new([Predicate.Equal(Field.Meter, rule.Metric), Predicate.Equal(Field.ResourceId, rule.ResourceId), scope]);

    private async Task<List<(long, double)>> PointsAsync(GnocchiRule rule, Predicate filter, TimeRange range, Field[] groupBy, CancellationToken ct)
    {
        var method = Points.BaseMethod(rule.AggregationMethod);
        var rows = await reader.StatisticsAsync(
            new(filter, range, rule.GranularitySeconds, range.From, groupBy, Points.AggregateOf(method) is { } aggregate ? [aggregate] : []), ct);
        return [.. rows.Select(r => (r.PeriodStart, Value: Points.Value(method, r))).Where(p => p.Value is not null).Select(p => (p.PeriodStart, p.Value!.Value))];
    }

    private async Task<List<(long, double)>> MetricsAsync(GnocchiMetricsRule rule, Predicate scope, TimeRange range, CancellationToken ct)
    {
        var points = new List<(long, double)>();
        foreach (var metric in rule.Metrics)
            points.AddRange(await PointsAsync(rule, new Predicate.All([Predicate.Equal(Field.Meter, metric), scope]), range, [], ct));
        return points;
    }

    private async Task<IReadOnlyList<double>> RatesAsync(GnocchiResourcesRule rule, Predicate filter, TimeRange range, CancellationToken ct)
    {
        var from = QueryValue.Instant(range.From!.Value);
        var window = await reader.SamplesAsync(
            new(
                new Predicate.All(
                    [filter, new Predicate.Compare(Field.Timestamp, Comparison.GreaterOrEqual, from), new Predicate.Compare(Field.Timestamp, Comparison.Less, QueryValue.Instant(range.To!.Value))]),
                [new(Field.Timestamp, Descending: false)], MaxRateSamples), ct);
        if (window.Count == MaxRateSamples)
            throw new InvalidOperationException($"there are more than {MaxRateSamples} samples in the window");
        var before = await reader.SamplesAsync(new(new Predicate.All([filter, new Predicate.Compare(Field.Timestamp, Comparison.Less, from)]), [], 1), ct);
        return Points.Rates([.. before.Concat(window).Select(s => (s.Timestamp, s.Volume))], rule, range.From.Value);
    }

    /// <summary>Why there is no point; asked only where an alarm is about to say so.</summary>
    private async Task<string> WhyNoneAsync(GnocchiRule rule, Predicate scope, CancellationToken ct)
    {
        async Task<bool> AnyAsync(params Predicate[] conditions) => (await reader.MetersAsync(new(new Predicate.All([.. conditions, scope]), 1), ct)).Count > 0;

        switch (rule)
        {
            case GnocchiResourcesRule r when !await AnyAsync(Predicate.Equal(Field.ResourceId, r.ResourceId)):
                return $"resource {r.ResourceId} does not exists";
            case GnocchiResourcesRule r when !await AnyAsync(Filter(r, scope)):
                return $"metric {r.Metric} for resource {r.ResourceId} does not exists";
            case GnocchiMetricsRule r:
                foreach (var metric in r.Metrics)
                {
                    if (!await AnyAsync(Predicate.Equal(Field.Meter, metric)))
                        return $"At least of metrics in [{string.Join(", ", r.Metrics.Select(m => $"'{m}'"))}] does not exist";
                }
                break;
            case GnocchiSearchRule r when !await AnyAsync(Predicate.Equal(Field.Meter, r.Metric)):
                return $"metric {r.Metric} does not exists";
        }
        return $"No datapoint for granularity {rule.GranularitySeconds}";
    }
}
