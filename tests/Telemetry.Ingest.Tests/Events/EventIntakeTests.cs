using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Ingest.Events;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Events;

public sealed class EventIntakeTests : IDisposable
{
    private static readonly EventMetadata Amqp = new(Source: "amqp", Correlation: "c");

    private readonly InMemoryEventStore _store = new(TimeProvider.System);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly EventIntake _intake;

    public EventIntakeTests() =>
        _intake = new(_store, new NothingToWaitFor(), new EventLimits(), new IntakeMetrics(_services.GetRequiredService<IMeterFactory>()));

    public void Dispose() => _services.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static TelemetryEvent Event(string id, string? project = "a", string at = "2026-01-31", string type = "t") => new(
        id, type, UnixMicroseconds.From(DateTimeOffset.Parse($"{at}T00:00:00Z")), project is null ? [] : [new("project_id", QueryValue.Of(project))]);

    private Task<AcceptedEvents> AppendAsync(params TelemetryEvent[] events) => _intake.AppendAsync(events, Amqp, Ct);

    private ValueTask<List<RecordedEvent>> LogAsync() => _store.ReadAllAsync(ct: Ct).ToListAsync(Ct);

    [Fact]
    public async Task Events_are_one_append_of_an_event_a_project_and_month()
    {
        var accepted = await AppendAsync(Event("1"), Event("2", "b"), Event("3", at: "2026-02-01"), Event("4", null), Event("5"));

        var log = await LogAsync();
        Assert.Equal(["events-a-2026-01", "events-b-2026-01", "events-a-2026-02", "events-none-2026-01"], log.Select(e => Assert.Single(e.Streams).Stream.ToString()));
        Assert.Equal([["1", "5"], ["2"], ["3"], ["4"]], log.Select(e => TelemetryEventsRecorded.Read(e).Select(t => t.MessageId).ToArray()));
        Assert.All(log, e => Assert.Equal(("telemetry-events-recorded", Amqp), (e.Type, e.Metadata)));
        Assert.Equal(new(log[^1].Position, 5, AlreadyStored: false), accepted);
    }

    [Fact]
    public async Task A_redelivered_message_is_one_event_whatever_else_it_says_the_second_time()
    {
        var first = await AppendAsync(Event("1"));
        var again = await AppendAsync(Event("1", project: "b", at: "2026-05-01", type: "other"));

        Assert.Equal(new(first.Position, 0, AlreadyStored: true), again);
        Assert.Single(await LogAsync());
    }

    [Fact]
    public async Task A_redelivered_list_stores_nothing_and_another_list_is_never_refused_for_what_it_shares()
    {
        await AppendAsync(Event("1"), Event("2", "b"));
        Assert.True((await AppendAsync(Event("1"), Event("2", "b"))).AlreadyStored);
        Assert.Equal(2, (await AppendAsync(Event("3"), Event("2", "b"))).Stored);
        Assert.Equal(1, (await AppendAsync(Event("2", "b"))).Stored);
        Assert.Equal(5, (await LogAsync()).Count);
    }

    [Fact]
    public async Task Of_two_events_with_one_id_in_a_list_the_first_counts()
    {
        var accepted = await AppendAsync(Event("1", type: "first"), Event("1", type: "second"));

        Assert.Equal(1, accepted.Stored);
        Assert.Equal("first", Assert.Single(TelemetryEventsRecorded.Read(Assert.Single(await LogAsync()))).EventType);
    }

    [Fact]
    public async Task An_empty_list_stores_nothing()
    {
        var position = (await AppendAsync(Event("1"))).Position;

        Assert.Equal(new(position, 0, AlreadyStored: false), await AppendAsync());
    }

    private sealed class NothingToWaitFor : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => new(true);
    }
}
