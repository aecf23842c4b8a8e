using System.Text.Json;
using Telemetry.Agents.Alarms;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Agents.Tests.Alarms;

public sealed class EventAlarmListenerTests
{
    private const string Alarm = "{'name': 'n', 'type': 'event', 'project_id': 'p', 'state': 'ok', 'alarm_actions': ['test://'], MORE 'event_rule': {'event_type': 'compute.*'}}";

    [Fact]
    public async Task An_event_fires_the_alarms_of_its_project_as_it_is_appended()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Alarm.Replace("MORE", "", StringComparison.Ordinal));
        var others = await bench.CreateAsync(Alarm.Replace("MORE", "", StringComparison.Ordinal).Replace("'p'", "'other'", StringComparison.Ordinal));

        Assert.Equal(1, await FireAsync(bench, "m1"));
        Assert.Equal(0, await FireAsync(bench, "m2")); // in alarm already
        await bench.Notifier.IdleAsync();

        Assert.StartsWith("Event <id=m1,event_type=compute.instance.update> hits the query <query=[]>", Assert.Single(bench.Told).Reason, StringComparison.Ordinal);
        Assert.Equal((AlarmState.Alarm, AlarmState.Ok), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(others.Id)).State));
    }

    [Fact]
    public async Task Every_event_is_a_transition_where_actions_repeat_but_the_same_one_only_once()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Alarm.Replace("MORE", "'repeat_actions': true,", StringComparison.Ordinal));

        var fired = new List<int>();
        foreach (var id in (string[])["m1", "m2", "m2", "m1"])
            fired.Add(await FireAsync(bench, id));
        Assert.Equal([1, 1, 0, 0], fired);
        await bench.Notifier.IdleAsync();

        Assert.Equal(2, bench.Told.Count);
        Assert.Equal(["state transition", "state transition", "creation"], (await bench.HistoryAsync(alarm.Id)).Select(c => c.Type));
    }

    [Fact]
    public async Task A_reset_alarm_fires_again_and_a_changed_or_disabled_one_at_once_by_its_new_rule()
    {
        await using var bench = await AlarmBench.StartAsync();
        var commands = bench.Get<AlarmCommands>();
        var alarm = await bench.CreateAsync(Alarm.Replace("MORE", "", StringComparison.Ordinal));
        Assert.Equal(1, await FireAsync(bench, "m1"));

        await commands.SetStateAsync(AlarmBench.Admin, alarm.Id, AlarmState.Ok, ct: TestContext.Current.CancellationToken);
        Assert.Equal(1, await FireAsync(bench, "m2"));
        await commands.ReplaceAsync(AlarmBench.Admin, alarm.Id, Body("'state': 'ok', 'event_rule': {'event_type': 'volume.*'}"), TestContext.Current.CancellationToken);
        Assert.Equal(0, await FireAsync(bench, "m3"));
        await commands.ReplaceAsync(AlarmBench.Admin, alarm.Id, Body("'state': 'ok', 'event_rule': {'event_type': 'compute.instance.update'}"), TestContext.Current.CancellationToken);
        Assert.Equal(1, await FireAsync(bench, "m4"));
        await commands.ReplaceAsync(AlarmBench.Admin, alarm.Id, Body("'state': 'ok', 'enabled': false, 'event_rule': {}"), TestContext.Current.CancellationToken);
        Assert.Equal(0, await FireAsync(bench, "m5"));
    }

    [Fact]
    public async Task Events_that_came_while_nobody_listened_fire_after_the_start_but_not_beyond_a_later_change()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(Alarm.Replace("MORE", "", StringComparison.Ordinal));
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await bench.Store.AppendAsync([Recorded("m1")], TestContext.Current.CancellationToken);
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        var later = await bench.CreateAsync(Alarm.Replace("MORE", "", StringComparison.Ordinal));

        var listener = bench.Get<EventAlarmListener>();
        await listener.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(AlarmState.Alarm, (await bench.ChangedAsync(alarm.Id)).State);
        Assert.Equal(AlarmState.Ok, (await bench.FindAsync(later.Id)).State);
        await bench.Store.AppendAsync([Recorded("m2")], TestContext.Current.CancellationToken);
        Assert.Equal(AlarmState.Alarm, (await bench.ChangedAsync(later.Id)).State);
        await listener.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal("event m1", (await bench.FindAsync(alarm.Id)).Window);
        Assert.Equal("event m2", (await bench.FindAsync(later.Id)).Window);
    }

    private static Task<int> FireAsync(AlarmBench bench, string id) =>
        bench.Get<EventAlarmListener>().FireAsync(new TriggeringEvent(Event(id)), null, TestContext.Current.CancellationToken);

    private static TelemetryEvent Event(string id) => new(id, "compute.instance.update", 0, [new("project_id", QueryValue.Of("p"))]);

    private static NewEvent Recorded(string id) =>
        new(EventId.New(), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write([Event(id)]), [new(TelemetryEventStreams.Of(Event(id)))]);

    private static JsonElement Body(string rest) => JsonDocument.Parse($"{{'name': 'n', 'type': 'event', {rest}}}".Replace('\'', '"')).RootElement;
}
