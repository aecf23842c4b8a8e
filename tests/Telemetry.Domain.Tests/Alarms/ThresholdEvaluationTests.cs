using System.Text.Json;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Statistics;
using static Telemetry.Domain.Tests.Alarms.AlarmExamples;

namespace Telemetry.Domain.Tests.Alarms;

/// <summary>One test a row of the tables of how values become states. The rule: above 80, two periods.</summary>
public sealed class ThresholdEvaluationTests
{
    private const string Nothing = "";

    [Theory]
    // values; state before; repeat; state after (nothing: no refresh); reason
    // all outside, none outside: definite
    [InlineData("90 91", "ok", false, "alarm", "Transition to alarm due to 2 samples outside threshold, most recent: 91.0")]
    [InlineData("90 91", "insufficient data", false, "alarm", "Transition to alarm due to 2 samples outside threshold, most recent: 91.0")]
    [InlineData("90 91", "ok", true, "alarm", "Transition to alarm due to 2 samples outside threshold, most recent: 91.0")]
    [InlineData("50 -1.5", "alarm", false, "ok", "Transition to ok due to 2 samples inside threshold, most recent: -1.5")]
    [InlineData("50 51", "insufficient data", true, "ok", "Transition to ok due to 2 samples inside threshold, most recent: 51.0")]
    [InlineData("90 91", "alarm", false, Nothing, "")]
    [InlineData("50 51", "ok", false, Nothing, "")]
    [InlineData("90 91", "alarm", true, "alarm", "Remaining as alarm due to 2 samples outside threshold, most recent: 91.0")]
    [InlineData("50 51", "ok", true, "ok", "Remaining as ok due to 2 samples inside threshold, most recent: 51.0")]
    // mixed: the trend where nothing is known, else no change
    [InlineData("50 91", "insufficient data", false, "alarm", "Transition to alarm due to 1 samples outside threshold, most recent: 91.0")]
    [InlineData("91 50", "insufficient data", true, "ok", "Transition to ok due to 1 samples inside threshold, most recent: 50.0")]
    [InlineData("91 50", "alarm", false, Nothing, "")]
    [InlineData("50 91", "ok", false, Nothing, "")]
    [InlineData("91 50", "alarm", true, "alarm", "Remaining as alarm due to 1 samples outside threshold, most recent: 50.0")]
    [InlineData("50 91", "ok", true, "ok", "Remaining as ok due to 1 samples inside threshold, most recent: 91.0")]
    // too few
    [InlineData("91", "ok", false, "insufficient data", "2 datapoints are unknown")]
    [InlineData("", "alarm", true, "insufficient data", "2 datapoints are unknown")]
    [InlineData("91", "insufficient data", false, Nothing, "")]
    [InlineData("", "insufficient data", true, "insufficient data", "Remaining as insufficient data due to 0 samples outside threshold, most recent: None")]
    public void Values_become_states(string values, string before, bool repeats, string after, string reason)
    {
        var alarm = Cpu(AlarmNames.State(before)!.Value, repeats);
        var points = new Datapoints([.. values.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(double.Parse)], 2);

        var refresh = ThresholdEvaluation.Evaluate(alarm, (ThresholdRule)alarm.Definition.Rule, points);

        Assert.Equal((after, reason), (refresh?.State.Name() ?? Nothing, refresh?.Reason ?? ""));
    }

    [Theory]
    [InlineData("90 91", "ok", """{"type": "threshold", "disposition": "outside", "count": 2, "most_recent": 91.0}""")]
    [InlineData("50 51", "alarm", """{"type": "threshold", "disposition": "inside", "count": 2, "most_recent": 51.0}""")]
    [InlineData("7", "ok", """{"type": "threshold", "disposition": "unknown", "count": 2, "most_recent": 7.0}""")]
    [InlineData("", "ok", """{"type": "threshold", "disposition": "unknown", "count": 2, "most_recent": null}""")]
    public void The_reason_comes_with_its_data(string values, string before, string data)
    {
        var alarm = Cpu(AlarmNames.State(before)!.Value);
        var points = new Datapoints([.. values.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(double.Parse)], 2);

        Assert.Equal(data, ThresholdEvaluation.Evaluate(alarm, (ThresholdRule)alarm.Definition.Rule, points)!.ReasonData);
    }

    [Theory]
    [InlineData("lt", 79.9, true)]
    [InlineData("lt", 80, false)]
    [InlineData("le", 80, true)]
    [InlineData("eq", 80, true)]
    [InlineData("ne", 80, false)]
    [InlineData("ge", 80, true)]
    [InlineData("gt", 80, false)]
    [InlineData("gt", 80.1, true)]
    public void A_value_is_outside_where_the_comparison_holds(string comparison, double value, bool outside) => Assert.Equal(
        outside, new ThresholdRule { MeterName = "m", Threshold = 80, Comparison = AlarmNames.Comparison(comparison)!.Value }.IsOutside(value));

    [Theory]
    [InlineData(60, 2, false, 0, 180)]
    [InlineData(60, 2, true, 0, 240)]
    [InlineData(300, 1, false, 30, 630)]
    public void The_window_reaches_one_period_further_or_twice_as_far(int period, int periods, bool outliers, int lag, int seconds) => Assert.Equal(
        TimeSpan.FromSeconds(seconds),
        ThresholdEvaluation.Window(new() { MeterName = "m", Threshold = 1, PeriodSeconds = period, EvaluationPeriods = periods, ExcludeOutliers = outliers }, lag));

    [Theory]
    [InlineData(AlarmStatistic.Max, 3)]
    [InlineData(AlarmStatistic.Min, 1)]
    [InlineData(AlarmStatistic.Avg, 2)]
    [InlineData(AlarmStatistic.Sum, 4)]
    [InlineData(AlarmStatistic.Count, 2)]
    public void The_newest_periods_count_though_others_lie_between(AlarmStatistic statistic, double value)
    {
        var rule = new ThresholdRule { MeterName = "m", Threshold = 1, EvaluationPeriods = 2, Statistic = statistic };

        var points = ThresholdEvaluation.Values(rule, [Row(5, 1, 3), Row(0, 9, 9), Row(2, 1, 3)]);

        Assert.Equal([value, value], points.Values);
        Assert.Equal(2, points.Wanted);
    }

    [Fact]
    public void Periods_with_an_unusual_number_of_samples_are_dropped_where_asked_for()
    {
        var rule = new ThresholdRule { MeterName = "m", Threshold = 1, EvaluationPeriods = 3, Statistic = AlarmStatistic.Max };
        // Counts 2 2 2 2 2 1: mean 1.83, deviation 0.37; 1 is below 1.09.
        StatisticsRow[] rows = [Row(0, 1, 1), Row(1, 2, 2), Row(2, 3, 3), Row(3, 4, 4), Row(4, 5, 5), Row(5, 99)];

        Assert.Equal([4, 5, 99], ThresholdEvaluation.Values(rule, rows).Values);
        Assert.Equal([3, 4, 5], ThresholdEvaluation.Values(rule with { ExcludeOutliers = true }, rows).Values);
    }

    [Fact]
    public void A_count_is_printed_as_a_whole_number()
    {
        var alarm = Cpu(AlarmState.Ok);
        var refresh = ThresholdEvaluation.Evaluate(alarm, (ThresholdRule)alarm.Definition.Rule, new([90, 91], 2, AreCounts: true))!;

        Assert.EndsWith("most recent: 91", refresh.Reason, StringComparison.Ordinal);
        Assert.Equal(91, JsonDocument.Parse(refresh.ReasonData).RootElement.GetProperty("most_recent").GetInt32());
    }

    [Fact]
    public void An_empty_answer_of_prometheus_is_unknown_whatever_was_wanted()
    {
        var alarm = Alarm("{'name': 'n', 'type': 'prometheus', 'state': 'ok', 'prometheus_rule': {'query': 'up', 'threshold': 1}}");

        var refresh = ThresholdEvaluation.Evaluate(alarm, (LeafRule)alarm.Definition.Rule, Datapoints.None(0, "datapoints are unknown"))!;

        Assert.Equal(
            (AlarmState.InsufficientData, "datapoints are unknown", """{"type": "threshold", "disposition": "unknown", "count": 0, "most_recent": null}"""),
            (refresh.State, refresh.Reason, refresh.ReasonData));
    }

    [Fact]
    public void Everything_follows_in_a_life_of_one_alarm()
    {
        var alarm = Cpu();
        foreach (var (values, state) in new (double[], AlarmState)[]
            { ([50, 91], AlarmState.Alarm), ([91, 50], AlarmState.Alarm), ([50, 50], AlarmState.Ok), ([50, 91], AlarmState.Ok), ([91], AlarmState.InsufficientData) })
        {
            if (ThresholdEvaluation.Evaluate(alarm, (ThresholdRule)alarm.Definition.Rule, new(values, 2)) is { } refresh)
                alarm = AlarmDecider.Decide(new AlarmCommand.Evaluate(refresh, $"w{alarm.Version}", Now), alarm).Aggregate(alarm, AlarmDecider.Evolve);
            Assert.Equal(state, alarm.State);
        }
        Assert.Equal(4, alarm.Version);
    }

    private static StatisticsRow Row(long minute, params double[] volumes)
    {
        var total = new Accumulator();
        foreach (var volume in volumes)
            total.Add(minute * 60_000_000, volume);
        return new("%", [], minute * 60_000_000, (minute + 1) * 60_000_000, total, []);
    }
}
