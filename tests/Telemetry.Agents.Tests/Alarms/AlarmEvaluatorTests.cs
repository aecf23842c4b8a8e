using System.Text.Json;
using Telemetry.Agents.Alarms;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;

namespace Telemetry.Agents.Tests.Alarms;

public sealed class AlarmEvaluatorTests
{
    [Fact]
    public async Task The_seed_alarm_calls_its_actions_when_both_periods_are_above_and_when_they_are_back_below()
    {
        await using var webhook = await Webhook.StartAsync();
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync($$"""
            {'name': 'cpu-inst-002', 'type': 'threshold', 'severity': 'critical', 'alarm_actions': ['{{webhook.Url}}/bla?x=1'], 'ok_actions': ['{{webhook.Url}}/ok'],
             'threshold_rule': {'meter_name': 'CPUUtilization', 'statistic': 'avg', 'comparison_operator': 'gt', 'threshold': '50', 'period': '300', 'evaluation_periods': '2',
              'query': [{'field': 'resource_id', 'op': 'eq', 'value': 'inst-002'}, {'field': 'source', 'op': 'eq', 'value': 'OS/compute'}]} }
            """);
        async Task<AlarmState> TickWithAsync(double volume)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(300));
            await bench.SampleAsync("CPUUtilization", "inst-002", volume - 10, 200, source: "OS/compute");
            await bench.SampleAsync("CPUUtilization", "inst-002", volume + 10, 100, source: "OS/compute");
            await bench.SampleAsync("CPUUtilization", "inst-001", 0, 100, source: "OS/compute");
            await bench.SampleAsync("CPUUtilization", "inst-002", 0, 100, source: "other");
            await bench.TickAsync();
            return (await bench.FindAsync(alarm.Id)).State;
        }

        Assert.Equal(AlarmState.InsufficientData, await TickWithAsync(60));
        Assert.Equal(AlarmState.Alarm, await TickWithAsync(70));
        Assert.Equal(AlarmState.Alarm, await TickWithAsync(40)); // one above and one below changes nothing
        Assert.Equal(AlarmState.Ok, await TickWithAsync(30));

        var received = webhook.Received.ToList();
        Assert.Equal(["/bla?x=1", "/ok"], received.Select(r => r.Path));
        Assert.True(JsonElement.DeepEquals(
            JsonDocument.Parse($$"""
                {"alarm_name": "cpu-inst-002", "alarm_id": "{{alarm.Id}}", "severity": "critical", "previous": "insufficient data", "current": "alarm",
                 "reason": "Transition to alarm due to 2 samples outside threshold, most recent: 70.0",
                 "reason_data": {"type": "threshold", "disposition": "outside", "count": 2, "most_recent": 70.0} }
                """).RootElement,
            JsonDocument.Parse(received[0].Body).RootElement), received[0].Body);
        Assert.Equal("application/json", received[0].Headers.ContentType);
        Assert.StartsWith("req-", received[0].Headers["x-openstack-request-id"].ToString(), StringComparison.Ordinal);
        Assert.Equal(
            ["""{"state": "ok", "transition_reason": "Transition to ok due to 2 samples inside threshold, most recent: 30.0"}""",
                """{"state": "alarm", "transition_reason": "Transition to alarm due to 2 samples outside threshold, most recent: 70.0"}"""],
            (await bench.HistoryAsync(alarm.Id)).Where(c => c.Type == "state transition").Select(c => c.Detail));
        Assert.Equal(["200 OK", "200 OK"], (await bench.DeliveriesAsync(alarm.Id)).Select(d => d.Detail));
    }

    [Fact]
    public async Task Many_alarms_on_one_meter_share_one_question_and_each_gets_its_own_answer()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarms = new List<Alarm>();
        for (var i = 0; i < 40; i++)
        {
            alarms.Add(await bench.CreateAsync(Threshold("n", $"'query': [{{'field': 'resource_id', 'value': 'r{i}'}}]")));
            if (i > 0)
                await bench.SampleAsync("cpu", $"r{i}", i % 2 == 0 ? 90 : 10, 30);
        }

        await bench.TickAsync();

        Assert.Equal(2, bench.Samples.Asked); // the second is for samples of later than now
        for (var i = 0; i < alarms.Count; i++)
            Assert.Equal(i == 0 ? AlarmState.InsufficientData : i % 2 == 0 ? AlarmState.Alarm : AlarmState.Ok, (await bench.FindAsync(alarms[i].Id)).State);
    }

    [Fact]
    public async Task Equal_windows_are_read_once_and_different_ones_apart()
    {
        await using var bench = await AlarmBench.StartAsync();
        await bench.CreateAsync(Threshold("a", ""));
        await bench.CreateAsync(Threshold("b", "'statistic': 'max'"));
        await bench.CreateAsync(Threshold("c", "'comparison_operator': 'lt'"));
        await bench.CreateAsync(Threshold("d", "'period': 300"));
        await bench.CreateAsync(Threshold("e", "'query': [{'field': 'metadata.metering.stack', 'value': 's', 'type': 'string'}]"));

        await bench.TickAsync();

        Assert.Equal(3 + 1, bench.Samples.Asked); // the last is for samples of later than now
    }

    [Fact]
    public async Task Metadata_and_project_narrow_what_counts()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold(
            "heat", "'query': [{'field': 'metadata.metering.stack', 'value': 's1'}, {'field': 'project_id', 'value': 'p'}]"));
        await bench.SampleAsync("cpu", "r1", 90, 30, metadata: """{"metering": {"stack": "s1"}}""");
        await bench.SampleAsync("cpu", "r2", 0, 30, metadata: """{"metering": {"stack": "s2"}}""");
        await bench.SampleAsync("cpu", "r3", 0, 30, project: "other", metadata: """{"metering": {"stack": "s1"}}""");

        await bench.TickAsync();

        Assert.Equal((AlarmState.Alarm, "Transition to alarm due to 1 samples outside threshold, most recent: 90.0"), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(alarm.Id)).StateReason));
    }

    [Theory]
    [InlineData("'enabled': false,")]
    [InlineData("'enabled': null,")]
    [InlineData("'time_constraints': [{'name': 'never', 'start': '0 0 30 2 *', 'duration': 60}],")]
    public async Task An_alarm_that_is_off_is_left_alone(string more)
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold("n", "", more));
        await bench.SampleAsync("cpu", "r", 90, 30);

        await bench.TickAsync();

        Assert.Equal(1, (await bench.FindAsync(alarm.Id)).Version);
        Assert.Equal(0, bench.Samples.Asked);
        Assert.Empty(bench.Told);
    }

    [Fact]
    public async Task Actions_repeat_without_a_record_where_asked_for()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold("n", "", "'repeat_actions': true,"));
        for (var i = 0; i < 3; i++)
        {
            bench.Time.Advance(TimeSpan.FromSeconds(60));
            await bench.SampleAsync("cpu", "r", 90, 30);
            await bench.TickAsync();
        }

        Assert.Equal(
            ["Transition to alarm due to 1 samples outside threshold, most recent: 90.0", "Remaining as alarm due to 1 samples outside threshold, most recent: 90.0",
                "Remaining as alarm due to 1 samples outside threshold, most recent: 90.0"], bench.Told.Select(t => t.Reason));
        Assert.Equal(["state transition", "creation"], (await bench.HistoryAsync(alarm.Id)).Select(c => c.Type));
        Assert.StartsWith("Transition", (await bench.FindAsync(alarm.Id)).StateReason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_processes_that_evaluate_the_same_window_fire_once()
    {
        await using var one = await AlarmBench.StartAsync();
        var alarm = await one.CreateAsync(Threshold("n", ""));
        await using var two = await AlarmBench.StartAsync(one);
        await one.SampleAsync("cpu", "r", 90, 30);

        var now = one.Time.GetUtcNow();
        var stored = (await one.Evaluator.EvaluateAsync(now, TestContext.Current.CancellationToken)).Transitions
            + (await two.Evaluator.EvaluateAsync(now, TestContext.Current.CancellationToken)).Transitions;
        await one.Notifier.IdleAsync();
        await two.Notifier.IdleAsync();

        Assert.Equal(1, stored);
        Assert.Equal(1, one.Told.Count + two.Told.Count);
        Assert.Equal(["state transition", "creation"], (await one.HistoryAsync(alarm.Id)).Select(c => c.Type));
    }

    [Fact]
    public async Task Transitions_that_are_stored_together_do_not_keep_each_other_from_it()
    {
        await using var one = await AlarmBench.StartAsync();
        await one.SampleAsync("cpu", "r", 90, 30);
        var alarms = new List<Alarm>();
        for (var i = 0; i < 150; i++)
            alarms.Add(await one.CreateAsync(Threshold($"n{i}", "")));
        await using var two = await AlarmBench.StartAsync(one);
        var now = one.Time.GetUtcNow();
        // Of the first another process has stored the same transition, another one has been renamed behind the evaluator's back.
        await AlarmEvaluator.TryCommitAsync(
            two.Get<AlarmStore>(), two.Notifier, alarms[0], new(AlarmState.Alarm, "why", "{}"), AlarmJson.Time(now), repeat: false,
            Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TestContext.Current.CancellationToken);
        await two.Get<AlarmCommands>().ReplaceAsync(
            AlarmBench.Admin, alarms[70].Id, JsonDocument.Parse(Threshold("renamed", "").Replace('\'', '"')).RootElement, TestContext.Current.CancellationToken);

        await one.TickAsync();
        await two.Notifier.IdleAsync();
        await Poll.UntilAsync(async () => (await one.FindAsync(alarms[70].Id)).Definition.Name == "renamed"); // it follows the log in its own time
        one.Time.Advance(TimeSpan.FromSeconds(60));
        await one.SampleAsync("cpu", "r", 90, 30);
        await one.TickAsync();

        foreach (var alarm in alarms)
            Assert.Single(await one.HistoryAsync(alarm.Id), c => c.Type == "state transition");
        Assert.Equal(150, one.Told.Concat(two.Told).Select(t => t.AlarmId).Distinct().Count());
        Assert.Equal(150, one.Told.Count + two.Told.Count);
    }

    [Fact]
    public async Task A_transition_that_was_not_told_before_a_crash_is_told_after_it_once()
    {
        await using var crashed = await AlarmBench.StartAsync();
        var alarm = await crashed.CreateAsync(Threshold("n", ""));
        // What the evaluator stores, without the notifier that would follow.
        await crashed.Get<AlarmStore>().AppendAsync(
            alarm, AlarmDecider.Decide(new AlarmCommand.Evaluate(new(AlarmState.Alarm, "why", "{}"), "w", crashed.Time.GetUtcNow()), alarm),
            Domain.Streams.EventId.New(), TestContext.Current.CancellationToken);

        await using var second = await AlarmBench.StartAsync(crashed);
        await second.Get<PendingNotifications>().TellAsync(AlarmShares.All.ToHashSet(), TestContext.Current.CancellationToken);
        await second.Notifier.IdleAsync();
        await using var third = await AlarmBench.StartAsync(second);
        await third.Get<PendingNotifications>().TellAsync(AlarmShares.All.ToHashSet(), TestContext.Current.CancellationToken);
        await third.Notifier.IdleAsync();

        Assert.Equal(["why"], second.Told.Select(t => t.Reason));
        Assert.Empty(third.Told);
        Assert.Equal(AlarmState.Alarm, (await third.FindAsync(alarm.Id)).State);
    }

    [Fact]
    public async Task Of_a_transition_that_a_crash_left_half_told_the_other_actions_are_called()
    {
        await using var crashed = await AlarmBench.StartAsync();
        var alarm = await crashed.CreateAsync(Threshold("n", "").Replace("'alarm_actions': ['test://']", "'alarm_actions': ['log://', 'test://']", StringComparison.Ordinal));
        var transition = Domain.Streams.EventId.New();
        await crashed.Get<AlarmStore>().AppendAsync(
            alarm, AlarmDecider.Decide(new AlarmCommand.Evaluate(new(AlarmState.Alarm, "why", "{}"), "w", crashed.Time.GetUtcNow()), alarm), transition, TestContext.Current.CancellationToken);
        var cause = (await crashed.Store.FindAsync(transition, TestContext.Current.CancellationToken))!.Id.Value;
        await crashed.Store.AppendAsync(
            [new AlarmDelivery(cause, "log://", AlarmState.Alarm, AlarmDelivery.Delivered, "logged", 1, crashed.Time.GetUtcNow(), TimeSpan.Zero).ToEvent(alarm.Id)],
            TestContext.Current.CancellationToken);

        await using var second = await AlarmBench.StartAsync(crashed);
        await second.Get<PendingNotifications>().TellAsync(AlarmShares.All.ToHashSet(), TestContext.Current.CancellationToken);
        await second.Notifier.IdleAsync();
        await second.Get<PendingNotifications>().TellAsync(AlarmShares.All.ToHashSet(), TestContext.Current.CancellationToken);
        await second.Notifier.IdleAsync();

        Assert.Equal(["why"], second.Told.Select(t => t.Reason));
        Assert.DoesNotContain(second.Logged, l => l.Contains("with action log://", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_state_set_by_hand_calls_nobody_and_lasts_until_the_next_evaluation()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold("n", ""));
        await bench.SampleAsync("cpu", "r", 90, 30);
        await bench.Get<AlarmCommands>().SetStateAsync(AlarmBench.Admin, alarm.Id, AlarmState.Ok, ct: TestContext.Current.CancellationToken);
        await bench.Get<PendingNotifications>().TellAsync(AlarmShares.All.ToHashSet(), TestContext.Current.CancellationToken);
        await bench.Notifier.IdleAsync();
        Assert.Empty(bench.Told);

        await bench.TickAsync();

        Assert.Equal((AlarmState.Ok, AlarmState.Alarm), (Assert.Single(bench.Told).Previous, bench.Told[0].Current));
    }

    [Fact]
    public async Task Statistics_that_fail_are_no_values()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold("n", "", "'state': 'ok',"));
        bench.Samples.IsBroken = true;

        await bench.TickAsync();

        Assert.Equal("1 datapoints are unknown", (await bench.FindAsync(alarm.Id)).StateReason);
    }

    [Fact]
    public async Task A_deleted_alarm_is_not_evaluated_any_more()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Threshold("n", ""));
        await bench.SampleAsync("cpu", "r", 90, 30);
        await bench.Get<AlarmCommands>().DeleteAsync(AlarmBench.Admin, alarm.Id, ct: TestContext.Current.CancellationToken);

        await bench.TickAsync();

        Assert.Empty(bench.Told);
        Assert.Empty(bench.Reader.Enabled());
    }

    [Fact]
    public async Task A_combination_follows_the_alarms_it_names()
    {
        await using var bench = await AlarmBench.StartAsync();
        var a = await bench.CreateAsync(Threshold("a", "", "'state': 'alarm', 'enabled': false,"));
        var b = await bench.CreateAsync(Threshold("b", "", "'state': 'ok', 'enabled': false,"));
        var both = await bench.CreateAsync(
            $"{{'name': 'n', 'type': 'combination', 'alarm_actions': ['test://'], 'combination_rule': {{'alarm_ids': ['{a.Id}', '{b.Id}']}}}}");
        await bench.TickAsync();
        Assert.Equal(AlarmState.Ok, (await bench.FindAsync(both.Id)).State);

        await bench.Get<AlarmCommands>().SetStateAsync(AlarmBench.Admin, b.Id, AlarmState.Alarm, ct: TestContext.Current.CancellationToken);
        bench.Time.Advance(TimeSpan.FromSeconds(60));
        await bench.TickAsync();

        Assert.Equal($"Transition to alarm due to alarms {a.Id},{b.Id} in state alarm", Assert.Single(bench.Told).Reason);
    }

    [Fact]
    public async Task A_composite_mixes_leaves()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync("""
            {'name': 'n', 'type': 'composite', 'composite_rule': {'and': [
              {'type': 'threshold', 'meter_name': 'cpu', 'threshold': 80, 'comparison_operator': 'gt'},
              {'type': 'gnocchi_resources_threshold', 'metric': 'cpu', 'resource_id': 'r', 'resource_type': 'instance', 'aggregation_method': 'max', 'threshold': 95, 'comparison_operator': 'lt'}]}}
            """);
        await bench.SampleAsync("cpu", "r", 90, 30, project: "service");
        await bench.SampleAsync("cpu", "r", 0, 30, project: "other"); // the leaf is limited to the alarm's project

        await bench.TickAsync();

        Assert.Equal(
            "Composite rule alarm with composition form: (rule1 and rule2) transition to alarm, due to rules: rule1, rule2 outside their threshold.",
            (await bench.FindAsync(alarm.Id)).StateReason);
    }

    /// <summary>An alarm on cpu above 80, one period of 60 s, that calls <c>test</c> in every state.</summary>
    private static string Threshold(string name, string rule, string alarm = "") =>
        $"{{'name': '{name}', 'type': 'threshold', {alarm} 'alarm_actions': ['test://'], 'ok_actions': ['test://'], 'insufficient_data_actions': ['test://'], "
        + $"'threshold_rule': {{'meter_name': 'cpu', 'threshold': 80{(rule.Contains("comparison_operator", StringComparison.Ordinal) ? "" : ", 'comparison_operator': 'gt'")}{(rule.Length > 0 ? ", " : "")}{rule}}}}}";
}
