using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>Counts what readers were asked.</summary>
internal sealed class Reads
{
    private readonly List<string> _log = [];

    public void Add(string read)
    {
        lock (_log)
            _log.Add(read);
    }

    /// <summary>What was read since the last time, by name.</summary>
    public string Take()
    {
        lock (_log)
        {
            var text = string.Join(", ", _log.GroupBy(r => r).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => $"{g.Count()} {g.Key}"));
            _log.Clear();
            return text;
        }
    }
}

internal sealed class CountingMetering(IMeteringReader inner, Reads reads) : IMeteringReader
{
    public ValueTask<IReadOnlyList<Sample>> SamplesAsync(SampleQuery query, CancellationToken ct = default) => Counted("samples").SamplesAsync(query, ct);

    public ValueTask<IReadOnlyList<IReadOnlyList<Sample>>> SamplesOfEachAsync(IReadOnlyList<SampleQuery> queries, CancellationToken ct = default) => Counted("samples").SamplesOfEachAsync(queries, ct);

    public ValueTask<Sample?> FindSampleAsync(string id, Predicate filter, CancellationToken ct = default) => Counted("sample").FindSampleAsync(id, filter, ct);

    public ValueTask<IReadOnlyList<MeterRow>> MetersAsync(ListQuery query, CancellationToken ct = default) => Counted("meters").MetersAsync(query, ct);

    public ValueTask<IReadOnlyList<MeterRow>> MeterDefinitionsAsync(ListQuery query, CancellationToken ct = default) => Counted("definitions").MeterDefinitionsAsync(query, ct);

    public ValueTask<IReadOnlyList<ResourceRow>> ResourcesAsync(ListQuery query, CancellationToken ct = default) => Counted("resources").ResourcesAsync(query, ct);

    public ValueTask<IReadOnlyList<IReadOnlyList<ResourceRow>>> ResourcesOfEachAsync(IReadOnlyList<ListQuery> queries, CancellationToken ct = default) => Counted("resources").ResourcesOfEachAsync(queries, ct);

    public ValueTask<IReadOnlyList<StatisticsRow>> StatisticsAsync(StatisticsQuery query, CancellationToken ct = default) => Counted("statistics").StatisticsAsync(query, ct);

    private IMeteringReader Counted(string name)
    {
        reads.Add(name);
        return inner;
    }
}

internal sealed class CountingEvents(IEventReader inner, Reads reads) : IEventReader
{
    public ValueTask<IReadOnlyList<TelemetryEventRow>> EventsAsync(TelemetryEventQuery query, CancellationToken ct = default) => Counted("telemetry events").EventsAsync(query, ct);

    public ValueTask<TelemetryEventRow?> FindEventAsync(string messageId, Predicate filter, CancellationToken ct = default) =>
        Counted("telemetry event").FindEventAsync(messageId, filter, ct);

    public ValueTask<IReadOnlyList<string>> EventTypesAsync(CancellationToken ct = default) => Counted("event types").EventTypesAsync(ct);

    public ValueTask<ILookup<string, TraitDescription>> TraitDescriptionsAsync(IReadOnlyCollection<string> eventTypes, CancellationToken ct = default) =>
        Counted("trait descriptions").TraitDescriptionsAsync(eventTypes, ct);

    public IAsyncEnumerable<Trait> TraitsAsync(string eventType, string name, CancellationToken ct = default) => Counted("traits").TraitsAsync(eventType, name, ct);

    private IEventReader Counted(string name)
    {
        reads.Add(name);
        return inner;
    }
}

internal sealed class CountingAlarms(IAlarmReader inner, Reads reads) : IAlarmReader
{
    public ValueTask<Alarm?> FindAsync(string id, CancellationToken ct = default) => Counted("alarm").FindAsync(id, ct);

    public ValueTask<IReadOnlyList<Alarm>> ListAsync(AlarmQuery query, CancellationToken ct = default) => Counted("alarms").ListAsync(query, ct);

    public ValueTask<int> CountAsync(string? projectId, string? userId, CancellationToken ct = default) => inner.CountAsync(projectId, userId, ct);

    public ValueTask<IReadOnlyList<AlarmChange>> HistoryAsync(AlarmHistoryQuery query, CancellationToken ct = default) => Counted("history").HistoryAsync(query, ct);

    public IReadOnlyList<Alarm> Enabled() => inner.Enabled();

    public AlarmWatch Watch() => inner.Watch();

    public IReadOnlyList<Alarm> OnEvent(string projectId, string eventType) => inner.OnEvent(projectId, eventType);

    private IAlarmReader Counted(string name)
    {
        reads.Add(name);
        return inner;
    }
}

internal sealed class CountingLog(IEventStore inner, Reads reads) : IEventStore
{
    public Task<AppendResult> AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken ct = default) => inner.AppendAsync(events, ct);

    public IAsyncEnumerable<RecordedEvent> ReadAllAsync(long after = 0, CancellationToken ct = default) => inner.ReadAllAsync(after, ct);

    public IAsyncEnumerable<StreamEvent> ReadStreamAsync(StreamName stream, long from = 1, ReadDirection direction = ReadDirection.Forwards, CancellationToken ct = default)
    {
        reads.Add("stream");
        return inner.ReadStreamAsync(stream, from, direction, ct);
    }

    public IAsyncEnumerable<StreamEvent> ReadStreamsAsync(IReadOnlyList<StreamName> streams, CancellationToken ct = default)
    {
        reads.Add("streams");
        return inner.ReadStreamsAsync(streams, ct);
    }

    public IAsyncEnumerable<RecordedEvent> SubscribeAsync(long after, CancellationToken ct) => inner.SubscribeAsync(after, ct);

    public Task<RecordedEvent?> FindAsync(EventId id, CancellationToken ct = default)
    {
        reads.Add("event");
        return inner.FindAsync(id, ct);
    }

    public Task<RecordedEvent?> FindAsync(long position, CancellationToken ct = default)
    {
        reads.Add("event");
        return inner.FindAsync(position, ct);
    }

    public Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<long> positions, CancellationToken ct = default)
    {
        reads.Add("events");
        return inner.FindAsync(positions, ct);
    }

    public Task<IReadOnlyList<RecordedEvent>> FindAsync(IReadOnlyCollection<EventId> ids, CancellationToken ct = default)
    {
        reads.Add("events");
        return inner.FindAsync(ids, ct);
    }

    public IAsyncEnumerable<StreamVersion> ListStreamsAsync(string prefix = "", CancellationToken ct = default) => inner.ListStreamsAsync(prefix, ct);

    public Task<long> HeadAsync(CancellationToken ct = default) => inner.HeadAsync(ct);
}
