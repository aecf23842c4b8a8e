using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Alarms;

namespace Telemetry.Projections.Tests.Alarms;

public sealed class AlarmIndexTests
{
    private static readonly Actor By = new("u", "p", "p");
    private readonly ManualTime _time = new();
    private readonly InMemoryEventStore _store;
    private readonly AlarmIndex _index;

    public AlarmIndexTests()
    {
        _store = new(_time);
        _index = new(_store);
    }

    [Fact]
    public async Task What_comes_twice_or_too_early_is_passed_over()
    {
        var stream = Alarm.StreamOf("a");
        var (created, renamed) = (Created("a"), new AlarmEvent.AlarmChanged(Definition("renamed"), AlarmState.Ok, By, _time.GetUtcNow()));

        _index.Apply(stream, 2, renamed);
        Assert.Null(await FindAsync("a"));
        _index.Apply(stream, 1, created);
        _index.Apply(stream, 1, created);
        Assert.Equal(1, (await FindAsync("a"))!.Version);
        _index.Apply(stream, 2, renamed);
        _index.Apply(stream, 2, renamed);

        Assert.Equal(("renamed", 2L), ((await FindAsync("a"))!.Definition.Name, (await FindAsync("a"))!.Version));
    }

    [Fact]
    public async Task Counts_and_lists_follow_owners_and_deletions()
    {
        _index.Apply(Alarm.StreamOf("a"), 1, Created("a"));
        _index.Apply(Alarm.StreamOf("b"), 1, Created("b"));
        Assert.Equal((2, 2, 2), await CountsAsync("p"));

        _index.Apply(Alarm.StreamOf("a"), 2, new AlarmEvent.AlarmChanged(Definition("a", "q"), AlarmState.Ok, By, _time.GetUtcNow()));
        Assert.Equal((2, 1, 2), await CountsAsync("p"));
        _index.Apply(Alarm.StreamOf("b"), 2, new AlarmEvent.AlarmDeleted(By, _time.GetUtcNow()));
        Assert.Equal((1, 0, 1), await CountsAsync("p"));

        Assert.Equal(["a"], (await _index.ListAsync(new(Predicate.Equal(Field.ProjectId, "q"), []), TestContext.Current.CancellationToken)).Select(a => a.Id));
        Assert.Equal(["a"], _index.Enabled().Select(a => a.Id));
    }

    [Fact]
    public void Event_alarms_are_found_by_project_and_type_as_they_are_now()
    {
        Apply("exact", 1, new EventRule { EventType = "volume.create" });
        Apply("pattern", 1, new EventRule { EventType = "volume.*" });
        Apply("off", 1, new EventRule(), enabled: false);
        Assert.Equal(["exact", "pattern"], On("p", "volume.create"));
        Assert.Equal(["pattern"], On("p", "compute.create")); // may match: the rule decides
        Assert.Empty(On("q", "volume.create"));

        _index.Apply(Alarm.StreamOf("exact"), 2, new AlarmEvent.AlarmStateChanged(
            AlarmState.Ok, AlarmState.Alarm, "why", "{}", ChangeCause.Evaluation, "w", By, _time.GetUtcNow()));
        Assert.Equal(AlarmState.Alarm, _index.OnEvent("p", "volume.create").Single(a => a.Id == "exact").State);
        _index.Apply(Alarm.StreamOf("pattern"), 2, new AlarmEvent.AlarmDeleted(By, _time.GetUtcNow()));
        Assert.Equal(["exact"], On("p", "volume.create"));

        string[] On(string project, string type) => [.. _index.OnEvent(project, type).Select(a => a.Id).Order()];

        void Apply(string id, long version, EventRule rule, bool enabled = true) => _index.Apply(
            Alarm.StreamOf(id), version, new AlarmEvent.AlarmCreated(id, Definition(id) with { Rule = rule, Enabled = enabled }, AlarmState.Ok, By, _time.GetUtcNow()));
    }

    [Fact]
    public async Task An_index_reads_what_the_log_holds_and_follows_what_others_append()
    {
        var one = new AlarmIndex(_store);
        var writer = new AlarmStore(_store, one, _time);
        await CreateAsync(writer, "before");
        using var feeder = new AlarmIndexFeeder(_store, _index, NullLogger<AlarmIndexFeeder>.Instance);

        await feeder.StartAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(await FindAsync("before"));
        await CreateAsync(writer, "after");
        await Poll.UntilAsync(async () => await FindAsync("after") is not null);
        await feeder.StopAsync(TestContext.Current.CancellationToken);

        Assert.Equal((await FindAsync("after"))! with { Definition = null! }, (await one.FindAsync("after", TestContext.Current.CancellationToken))! with { Definition = null! });
    }

    [Fact]
    public async Task Writers_that_meet_decide_again_and_nothing_is_lost()
    {
        var writer = new AlarmStore(_store, _index, _time);
        await CreateAsync(writer, "a");

        await Parallel.ForAsync(0, 8, TestContext.Current.CancellationToken, async (i, ct) => await writer.ExecuteAsync(
            "a", alarm => new(new AlarmCommand.Change(alarm.Definition with { Name = $"{alarm.Definition.Name}+" }, alarm.State, By, _time.GetUtcNow())), ct));

        Assert.Equal(("a++++++++", 9L), ((await FindAsync("a"))!.Definition.Name, (await FindAsync("a"))!.Version));
    }

    private async Task<Alarm?> FindAsync(string id) => await _index.FindAsync(id, TestContext.Current.CancellationToken);

    private async Task<(int, int, int)> CountsAsync(string project) => (
        await _index.CountAsync(null, null, TestContext.Current.CancellationToken), await _index.CountAsync(project, null, TestContext.Current.CancellationToken),
        await _index.CountAsync(null, "u", TestContext.Current.CancellationToken));

    private Task<Alarm> CreateAsync(AlarmStore writer, string id) =>
        writer.CreateAsync(new(id, Definition(id), AlarmState.Ok, By, _time.GetUtcNow()), TestContext.Current.CancellationToken);

    private AlarmEvent.AlarmCreated Created(string id) => new(id, Definition(id), AlarmState.Ok, By, _time.GetUtcNow());

    private static AlarmDefinition Definition(string name, string project = "p") => new(
        name, "d", new ThresholdRule { MeterName = "cpu", Threshold = 1 }, true, AlarmSeverity.Low, [], [], [], false, [], "u", project);
}
