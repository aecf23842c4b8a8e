using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Agents.Tests.Alarms;

/// <summary>What the evaluator works for, counted: windows read, alarms looked at, questions asked.</summary>
public sealed class AlarmInputsTests
{
    [Fact]
    public async Task An_alarm_whose_inputs_did_not_change_costs_nothing_until_its_samples_leave_their_period()
    {
        await using var bench = await AlarmBench.StartAsync();
        for (var i = 0; i < 100; i++)
        {
            await bench.CreateAsync(Threshold($"'period': 600, 'query': [{{'field': 'resource_id', 'value': 'r{i}'}}]"));
            await bench.SampleAsync("cpu", $"r{i}", 90, 30);
        }

        Assert.Equal((100, 100, 100), await CycleAsync(bench, 0));
        Assert.Equal((0, 100, 0), await CycleAsync(bench, 60)); // they changed themselves
        var asked = bench.Samples.Asked;
        for (var minute = 2; minute < 10; minute++)
            Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));
        Assert.Equal(asked, bench.Samples.Asked);

        await bench.SampleAsync("cpu", "r7", 10, 30);
        await bench.SampleAsync("cpu", "other", 10, 30);
        await bench.SampleAsync("memory", "r8", 10, 30);
        Assert.Equal((100, 100, 1), await CycleAsync(bench, 60)); // the first ones are one period older now; r7 has a newer one
        Assert.Equal((0, 1, 0), await CycleAsync(bench, 60));
        for (var minute = 12; minute < 19; minute++)
            Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));
        Assert.Equal((1, 1, 0), await CycleAsync(bench, 60)); // so is r7's
        Assert.Equal((100, 100, 99), await CycleAsync(bench, 60)); // the first ones are out of the window
    }

    [Fact]
    public async Task A_new_sample_costs_its_own_alarms_and_no_others()
    {
        await using var bench = await AlarmBench.StartAsync();
        foreach (var rule in (string[])
            [
                "'query': [{'field': 'resource_id', 'value': 'a'}]", "'query': [{'field': 'resource_id', 'value': 'a'}, {'field': 'project_id', 'value': 'p'}]",
                "'query': [{'field': 'project_id', 'value': 'p'}]", "'query': [{'field': 'resource_id', 'value': 'b'}]", "'query': [{'field': 'project_id', 'value': 'q'}]",
                "'query': [{'field': 'metadata.x', 'value': 'y'}]", "'statistic': 'max', 'query': [{'field': 'resource_id', 'value': 'a'}]",
            ])
            await bench.CreateAsync(Threshold(rule));
        await CycleAsync(bench, 0);

        await bench.SampleAsync("cpu", "a", 10, 0, project: "p");

        // Of a and p, and that on metadata, which the sample might have had. The one on the maximum reads the first one's window.
        Assert.Equal((4, 5, 4), await CycleAsync(bench, 0));
    }

    [Fact]
    public async Task A_sample_of_later_counts_when_its_time_has_come()
    {
        await using var bench = await AlarmBench.StartAsync();
        await bench.SampleAsync("cpu", "r", 90, secondsAgo: -150); // before the alarm is
        var alarm = await bench.CreateAsync(Threshold(""));
        Assert.Equal((1, 1, 0), await CycleAsync(bench, 0));
        Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));
        Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));
        Assert.Equal((1, 1, 1), await CycleAsync(bench, 60));
        await bench.SampleAsync("cpu", "r", 10, secondsAgo: -150); // while it is there
        Assert.Equal((1, 1, 0), await CycleAsync(bench, 60));
        await CycleAsync(bench, 60);

        Assert.Equal((1, 1, 1), await CycleAsync(bench, 60));

        Assert.Equal(AlarmState.Ok, (await bench.FindAsync(alarm.Id)).State);
    }

    [Fact]
    public async Task An_alarm_that_changes_is_looked_at_though_its_inputs_did_not()
    {
        await using var bench = await AlarmBench.StartAsync();
        await bench.SampleAsync("cpu", "r", 90, 30);
        var alarm = await bench.CreateAsync(Threshold("'period': 3600"));
        await CycleAsync(bench, 0);
        await CycleAsync(bench, 60);

        await bench.Get<AlarmCommands>().SetStateAsync(AlarmBench.Admin, alarm.Id, AlarmState.Ok, ct: TestContext.Current.CancellationToken);

        Assert.Equal((0, 1, 1), await CycleAsync(bench, 60));
        Assert.Equal(AlarmState.Alarm, (await bench.FindAsync(alarm.Id)).State);
        await bench.Get<AlarmCommands>().DeleteAsync(AlarmBench.Admin, alarm.Id, ct: TestContext.Current.CancellationToken);
        await bench.SampleAsync("cpu", "r", 10, 0);
        Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));
    }

    [Fact]
    public async Task A_combination_costs_nothing_until_one_of_its_alarms_changes()
    {
        await using var bench = await AlarmBench.StartAsync();
        var a = await bench.CreateAsync(Threshold("", "'state': 'ok', 'enabled': false,"));
        var b = await bench.CreateAsync(Threshold("", "'state': 'ok', 'enabled': false,"));
        await bench.CreateAsync($"{{'name': 'n', 'type': 'combination', 'combination_rule': {{'operator': 'or', 'alarm_ids': ['{a.Id}', '{b.Id}']}}}}");
        Assert.Equal((0, 1, 1), await CycleAsync(bench, 0));
        Assert.Equal((0, 1, 0), await CycleAsync(bench, 60));
        Assert.Equal((0, 0, 0), await CycleAsync(bench, 60));

        await bench.Get<AlarmCommands>().SetStateAsync(AlarmBench.Admin, b.Id, AlarmState.Alarm, ct: TestContext.Current.CancellationToken);

        Assert.Equal((0, 1, 1), await CycleAsync(bench, 60));
    }

    [Fact]
    public async Task Alarms_that_combine_each_other_go_on_cycle_by_cycle_and_do_not_hang()
    {
        await using var bench = await AlarmBench.StartAsync();
        var seed = await bench.CreateAsync(Threshold("", "'state': 'alarm', 'enabled': false,"));
        var other = await bench.CreateAsync(Threshold("", "'state': 'alarm', 'enabled': false,"));
        string Body(string first, string second) => $"{{'name': 'n', 'type': 'combination', 'combination_rule': {{'operator': 'or', 'alarm_ids': ['{first}', '{second}']}}}}";
        var a = await bench.CreateAsync(Body(seed.Id, other.Id));
        var b = await bench.CreateAsync(Body(a.Id, other.Id));
        await bench.Get<AlarmCommands>().ReplaceAsync(
            AlarmBench.Admin, a.Id, System.Text.Json.JsonDocument.Parse(Body(b.Id, seed.Id).Replace('\'', '"')).RootElement, ct: TestContext.Current.CancellationToken);

        for (var i = 0; i < 4; i++)
            await CycleAsync(bench, 60);

        Assert.Equal((AlarmState.Alarm, AlarmState.Alarm), ((await bench.FindAsync(a.Id)).State, (await bench.FindAsync(b.Id)).State));
        Assert.Equal((0, 0, 0), await CycleAsync(bench, 60)); // the circle has come to rest
    }

    [Fact]
    public async Task A_metric_is_read_again_when_its_granule_is_over_and_when_it_has_new_samples()
    {
        await using var bench = await AlarmBench.StartAsync(); // at a full hour
        await bench.SampleAsync("cpu", "r", 90, 30);
        await bench.CreateAsync(
            "{'name': 'n', 'type': 'gnocchi_resources_threshold', 'gnocchi_resources_threshold_rule': {'metric': 'cpu', 'resource_id': 'r', 'resource_type': 'instance', 'granularity': 300, 'aggregation_method': 'mean', 'threshold': 80, 'comparison_operator': 'gt'}}");
        Assert.Equal((1, 1, 1), await CycleAsync(bench, 0));
        Assert.Equal((0, 1, 0), await CycleAsync(bench, 60));
        foreach (var read in (int[])[0, 0, 0, 1, 0])
            Assert.Equal((read, read, 0), await CycleAsync(bench, 60));
        await bench.SampleAsync("cpu", "r", 10, 30);
        await bench.SampleAsync("cpu", "other", 10, 30);
        Assert.Equal((1, 1, 1), await CycleAsync(bench, 60));
    }

    [Fact]
    public async Task What_could_not_be_read_is_read_in_the_next_cycle()
    {
        await using var bench = await AlarmBench.StartAsync();
        await bench.SampleAsync("cpu", "r", 90, 30);
        var alarm = await bench.CreateAsync(Threshold("'period': 3600"));
        bench.Samples.IsBroken = true;
        Assert.Equal((1, 1, 0), await CycleAsync(bench, 0));
        bench.Samples.IsBroken = false;

        Assert.Equal((1, 1, 1), await CycleAsync(bench, 60));

        Assert.Equal(AlarmState.Alarm, (await bench.FindAsync(alarm.Id)).State);
    }

    [Fact]
    public async Task Evaluations_are_counted_for_alarms_that_nobody_looked_at_too()
    {
        await using var bench = await AlarmBench.StartAsync();
        await bench.SampleAsync("cpu", "r", 90, 30);
        var alarm = await bench.CreateAsync(Threshold("'period': 600"));
        for (var i = 0; i < 5; i++)
            await CycleAsync(bench, i == 0 ? 0 : 60);
        Assert.Equal([0, 5, 0], Counts());

        await bench.SampleAsync("cpu", "r", 10, 30);
        for (var i = 0; i < 3; i++)
            await CycleAsync(bench, i == 0 ? 0 : 60);
        var changed = Counts();

        Assert.Equal((5, 8), (changed[(int)AlarmState.Alarm] + changed[(int)AlarmState.InsufficientData], changed.Sum()));

        IReadOnlyList<int> Counts() => bench.Get<EvaluationCounters>().Of(alarm.Id)!;
    }

    /// <summary>What is kept from cycle to cycle must never make a difference: a process that has just started finds nothing left to do.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Working_with_what_changed_alone_finds_what_looking_at_everything_finds(int seed)
    {
        var random = new Random(seed);
        await using var bench = await AlarmBench.StartAsync(null, ("AdditionalIngestionLagSeconds", seed % 2 == 0 ? "0" : "45"));
        string Pick(params string[] of) => of[random.Next(of.Length)];
        async Task CreateAsync() => await bench.CreateAsync(random.Next(5) switch
        {
            0 => $"{{'name': 'n', 'type': 'gnocchi_resources_threshold', 'gnocchi_resources_threshold_rule': {{'metric': '{Pick("cpu", "memory")}', 'resource_id': 'r{random.Next(4)}', 'resource_type': 'instance', 'granularity': {Pick("60", "90", "300")}, 'evaluation_periods': {random.Next(1, 4)}, 'aggregation_method': '{Pick("mean", "count", "std", "rate:mean", "last")}', 'threshold': 50, 'comparison_operator': 'gt'}}}}",
            1 => $"{{'name': 'n', 'type': 'gnocchi_aggregation_by_metrics_threshold', 'gnocchi_aggregation_by_metrics_threshold_rule': {{'metrics': ['cpu', 'memory'], 'granularity': {Pick("60", "300")}, 'aggregation_method': '{Pick("mean", "rate:max")}', 'threshold': 50, 'comparison_operator': 'gt'}}}}",
            _ => Threshold(
                $"'period': {Pick("60", "77", "300", "600")}, 'evaluation_periods': {random.Next(1, 5)}, 'statistic': '{Pick("avg", "max", "count", "sum")}', 'exclude_outliers': {Pick("true", "false")}, 'query': [{Pick("", $"{{'field': 'resource_id', 'value': 'r{random.Next(4)}'}}", "{'field': 'project_id', 'value': 'q'}", "{'field': 'metadata.x', 'value': '1'}")}]"
            ).Replace("'threshold': 80", "'threshold': 50", StringComparison.Ordinal),
        });
        for (var i = 0; i < 60; i++)
            await CreateAsync();
        var transitions = 0;
        for (var cycle = 0; cycle < 60; cycle++)
        {
            for (var n = random.Next(6); n > 0 && cycle % 20 < 12; n--) // and times in which nothing comes
            {
                await bench.SampleAsync(
                    Pick("cpu", "memory"), $"r{random.Next(4)}", random.Next(100), random.Next(10) == 0 ? random.Next(-400, 1_500) : random.Next(-2, 70), Pick("p", "q"),
                    metadata: Pick("{}", """{"x": "1"}"""));
            }
            if (random.Next(4) == 0)
                await CreateAsync();
            if (random.Next(4) == 0)
            {
                await bench.Get<AlarmCommands>().SetStateAsync(
                    AlarmBench.Admin, bench.Reader.Enabled()[random.Next(20)].Id, (AlarmState)random.Next(3), ct: TestContext.Current.CancellationToken);
            }
            transitions += (await bench.TickAsync()).Transitions;

            foreach (var alarm in bench.Reader.Enabled())
                Assert.Null(await FindAsync(bench, alarm));
            await using var fresh = await AlarmBench.StartAsync(bench, ("AdditionalIngestionLagSeconds", seed % 2 == 0 ? "0" : "45"));
            Assert.Equal(0, (await fresh.TickAsync()).Transitions);
            bench.Time.Advance(TimeSpan.FromSeconds(60));
        }
        Assert.InRange(transitions, 100, 10_000);
    }

    /// <summary>What an evaluation of a threshold alarm over all samples would do; null where nothing.</summary>
    private static async Task<Refresh?> FindAsync(AlarmBench bench, Alarm alarm)
    {
        if (alarm.Definition.Rule is not ThresholdRule rule)
            return null;
        var now = UnixMicroseconds.From(bench.Time.GetUtcNow());
        var lag = bench.Get<Microsoft.Extensions.Options.IOptions<Agents.Alarms.AlarmsOptions>>().Value.AdditionalIngestionLagSeconds;
        var from = now - (long)ThresholdEvaluation.Window(rule, lag).TotalMicroseconds;
        var rows = await bench.Samples.StatisticsAsync(
            new(new Predicate.All([Predicate.Equal(Field.Meter, rule.MeterName), .. rule.Query.Select(RuleConditions.Of)]), new(from, now + 1), rule.PeriodSeconds, from, [], []),
            TestContext.Current.CancellationToken);
        return ThresholdEvaluation.Evaluate(alarm, rule, ThresholdEvaluation.Values(rule, rows));
    }

    private static async Task<(int Windows, int Alarms, int Transitions)> CycleAsync(AlarmBench bench, int seconds)
    {
        bench.Time.Advance(TimeSpan.FromSeconds(seconds));
        var cycle = await bench.TickAsync();
        return (cycle.Windows, cycle.Alarms, cycle.Transitions);
    }

    private static string Threshold(string rule, string alarm = "") =>
        $"{{'name': 'n', 'type': 'threshold', {alarm} 'threshold_rule': {{'meter_name': 'cpu', 'threshold': 80, 'comparison_operator': 'gt'{(rule.Length > 0 ? ", " : "")}{rule}}}}}";
}
