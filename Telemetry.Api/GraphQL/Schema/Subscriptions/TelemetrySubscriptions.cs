using System.Runtime.CompilerServices;
using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Schema.Alarms;
using Telemetry.Api.GraphQL.Schema.Metering;
using Telemetry.Api.GraphQL.Schema.Streams;
using Telemetry.Api.GraphQL.Schema.TelemetryEvents;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Scalars;
using Telemetry.Api.V2;
using Telemetry.Api.V2.Events;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Sample = Telemetry.Api.GraphQL.Schema.Metering.Sample;
using StoredSample = Telemetry.Domain.Metering.Sample;

namespace Telemetry.Api.GraphQL.Schema.Subscriptions;

/// <summary>
/// What happens from now on, for whom the same queries would show it. Only `streamAppended` begins in the past, so that a client that comes
/// back loses nothing. Who is too slow is ended with an error.
/// </summary>
[SubscriptionType]
internal static class TelemetrySubscriptions
{
    /// <summary>How long an event may wait until queries show what it brought.</summary>
    private static readonly TimeSpan VisibilityTimeout = TimeSpan.FromSeconds(2);

    /// <summary>Buckets that one batch of samples brings anew, at most; of more the latest.</summary>
    private const int MaxUpdatedBuckets = 20;

    /// <summary>An alarm's state was found, or set by hand.</summary>
    [Subscribe(With = nameof(AlarmStateChanges))]
    public static AlarmStateChangedView AlarmStateChanged([EventMessage] AlarmStateChangedView change) => change;

    /// <param name="alarm">Only of this alarm, by `id` or `alarmId`.</param>
    /// <param name="to">Only to these states.</param>
    /// <param name="severity">Only of alarms of these severities.</param>
    public static async Task<IAsyncEnumerable<AlarmStateChangedView>> AlarmStateChanges(
        [GlobalState] Caller caller, ITopicEventReceiver topics, CancellationToken ct,
        [ID] string? alarm = null, IReadOnlyList<AlarmState>? to = null, IReadOnlyList<Severity>? severity = null)
    {
        var (id, asker) = (alarm is null ? null : GlobalIds.KeyOf(alarm, "Alarm"), caller.AsAlarmCaller());
        return Select(await topics.SubscribeAsync<AlarmStateChangedView>(LogFeed.AlarmStates, ct), c =>
            asker.MaySee(c.After) && (asker.LimitedToProject is not { } project || c.OnBehalfOf == project)
            && (id is null || c.After.Id == id) && (to is null || to.Contains(c.To)) && (severity is null || severity.Contains((Severity)c.After.Definition.Severity)));
    }

    /// <summary>A sample was stored.</summary>
    [Subscribe(With = nameof(AddedSamples))]
    public static Sample SampleAdded([EventMessage] Sample sample) => sample;

    /// <param name="where">Only those.</param>
    public static async Task<IAsyncEnumerable<Sample>> AddedSamples(
        [GlobalState] Caller caller, ITopicEventReceiver topics, IProjectionProgress projections, CancellationToken ct, SampleFilterInput? where = null)
    {
        var filter = caller.Scope().Limit(where);
        return Read(await topics.SubscribeAsync<RecordedEvent>(LogFeed.Samples, ct));

        async IAsyncEnumerable<Sample> Read(ISourceStream<RecordedEvent> source)
        {
            await using (source)
            {
                await foreach (var recorded in source.ReadEventsAsync())
                {
                    var isFirst = true;
                    foreach (var sample in SamplesOf(recorded, filter))
                    {
                        // What the sample refers to can be asked for with it.
                        if (isFirst)
                            await projections.WaitForAsync(recorded.Position, VisibilityTimeout, ct);
                        isFirst = false;
                        yield return new(sample);
                    }
                }
            }
        }
    }

    /// <summary>A bucket of statistics has new samples.</summary>
    [Subscribe(With = nameof(UpdatedStatistics))]
    public static StatisticsBucket StatisticsUpdated([EventMessage] StatisticsBucket bucket) => bucket;

    /// <param name="meter">The meter's name.</param>
    /// <param name="period">How long a bucket is, on the calendar of UTC.</param>
    /// <param name="groupBy">Buckets of their own for every value.</param>
    /// <param name="where">Only those samples.</param>
    public static async Task<IAsyncEnumerable<StatisticsBucket>> UpdatedStatistics(
        string meter, CalendarDuration period, [GlobalState] Caller caller, ITopicEventReceiver topics, IProjectionProgress projections,
        IMeteringReader reader, TimeProvider time, IResolverContext context, CancellationToken ct,
        IReadOnlyList<GroupByInput>? groupBy = null, SampleFilterInput? where = null)
    {
        var filter = Predicate.And(caller.Scope().Limit(where), Predicate.Equal(Field.Meter, meter));
        var aggregates = AggregateSet.Of(context);
        RequestOf(UnixMicroseconds.From(time.GetUtcNow())); // a wrong argument is told at once
        return Read(await topics.SubscribeAsync<RecordedEvent>(LogFeed.Samples, ct));

        async IAsyncEnumerable<StatisticsBucket> Read(ISourceStream<RecordedEvent> source)
        {
            await using (source)
            {
                await foreach (var recorded in source.ReadEventsAsync())
                {
                    var starts = new SortedSet<long>();
                    foreach (var sample in SamplesOf(recorded, filter))
                    {
                        if (starts.Count == 0 || sample.Timestamp < starts.Max || BucketGrid.Of(starts.Max, starts.Max + 1, period, "UTC")[1] <= sample.Timestamp)
                            starts.Add(BucketGrid.Of(sample.Timestamp, sample.Timestamp + 1, period, "UTC")[0]);
                        if (starts.Count > MaxUpdatedBuckets)
                            starts.Remove(starts.Min);
                    }
                    if (starts.Count > 0)
                        await projections.WaitForAsync(recorded.Position, VisibilityTimeout, ct);
                    foreach (var start in starts)
                    {
                        var request = RequestOf(start);
                        foreach (var bucket in request.Result(await request.ReadAsync(reader, filter, [], ct)).Buckets)
                            yield return bucket;
                    }
                }
            }
        }

        StatisticsRequest RequestOf(long at)
        {
            var end = BucketGrid.Of(at, at + 1, period, "UTC")[1];
            var range = new TimeRangeInput(UnixMicroseconds.ToDateTimeOffset(at), UnixMicroseconds.ToDateTimeOffset(end));
            return StatisticsRequest.Of(range, period, groupBy, Fill.None, "UTC", null, BucketGrid.MaxBuckets, time.GetUtcNow(), aggregates);
        }
    }

    /// <summary>A telemetry event was stored.</summary>
    [Subscribe(With = nameof(RecordedEvents))]
    public static EventView EventRecorded([EventMessage] EventView @event) => @event;

    /// <param name="where">Only those.</param>
    public static async Task<IAsyncEnumerable<EventView>> RecordedEvents(
        [GlobalState] Caller caller, ITopicEventReceiver topics, CancellationToken ct, EventFilterInput? where = null)
    {
        var filter = Conditions.All(EventScope.Of(caller), EventConditions.Of(new(caller.Scope()), where));
        return Read(await topics.SubscribeAsync<RecordedEvent>(LogFeed.TelemetryEvents, ct));

        async IAsyncEnumerable<EventView> Read(ISourceStream<RecordedEvent> source)
        {
            await using (source)
            {
                await foreach (var recorded in source.ReadEventsAsync())
                {
                    foreach (var e in TelemetryEventsRecorded.Read(recorded))
                    {
                        var row = new TelemetryEventRow(e, new(e.GeneratedAt, 0), recorded.Position);
                        if (filter.Selects(row))
                            yield return new(row);
                    }
                }
            }
        }
    }

    /// <summary>
    /// An event was appended to a stream, or to any. An event over several streams comes once for each of them, one after another; who goes on
    /// after a `position` goes on with the next event.
    /// </summary>
    [Subscribe(With = nameof(AppendedEvents))]
    public static StreamEventView StreamAppended([EventMessage] StreamEventView @event) => @event;

    /// <param name="stream">The stream's name; without it all streams, for callers who see everything.</param>
    /// <param name="after">A `position`: first what came after it, then what comes. Without it from now on.</param>
    public static async Task<IAsyncEnumerable<StreamEventView>> AppendedEvents(
        [GlobalState] Caller caller, IEventStore log, CancellationToken ct, string? stream = null, long? after = null)
    {
        var scope = caller.Scope();
        if (after < 0)
            throw Refused.BadInput($"A position is at least 0, not {after}.");
        StreamName? name = null;
        if (stream is not null)
            name = StreamName.Parse(stream) is { } parsed && scope.IsVisible(parsed) ? parsed : throw ApiException.NotFound("Stream", stream);
        else if (scope.Project is not null)
            throw ApiException.RoleRequired();
        var from = after ?? await log.HeadAsync(ct);
        return name is { } one ? FollowAsync(log, one, from, ct) : FollowAsync(log, from, ct);
    }

    private static async IAsyncEnumerable<StreamEventView> FollowAsync(IEventStore log, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        await foreach (var e in StreamEndpoints.Shares(log.SubscribeAsync(after, ct)))
            yield return new(e);
    }

    private static async IAsyncEnumerable<StreamEventView> FollowAsync(IEventStore log, StreamName stream, long after, [EnumeratorCancellation] CancellationToken ct)
    {
        // The stream's own events are far fewer than the log's: they are read first, up to where the log was.
        var head = await log.HeadAsync(ct);
        if (after < head)
        {
            await foreach (var e in log.ReadStreamAsync(stream, ct: ct))
            {
                if (e.Event.Position > after && e.Event.Position <= head)
                    yield return new(e);
            }
        }
        await foreach (var e in log.SubscribeAsync(Math.Max(after, head), ct))
        {
            for (var part = 0; part < e.Streams.Count; part++)
            {
                if (e.Streams[part].Stream == stream)
                    yield return new(StreamEvent.Of(e, part));
            }
        }
    }

    private static async IAsyncEnumerable<T> Select<T>(ISourceStream<T> source, Func<T, bool> isWanted)
    {
        await using (source)
        {
            await foreach (var item in source.ReadEventsAsync())
            {
                if (isWanted(item))
                    yield return item;
            }
        }
    }

    private static IEnumerable<StoredSample> SamplesOf(RecordedEvent recorded, Predicate filter)
    {
        if (recorded.Body is not EventBody.Samples { Batch: var batch })
            yield break;
        var recordedAt = UnixMicroseconds.From(recorded.RecordedAt);
        for (var i = 0; i < batch.Count; i++)
        {
            if (filter.Selects(new BatchRow(recorded, batch, i, recordedAt)))
            {
                yield return new(batch.SampleId(recorded.Id, i), batch.Series[i], batch.Timestamps[i], batch.Volumes[i], batch.Metadata[i], recordedAt, batch.Signature(i))
                {
                    Position = recorded.Position,
                };
            }
        }
    }

    /// <summary>A sample of a batch as filters see it.</summary>
    private readonly record struct BatchRow(RecordedEvent Recorded, SampleBatch Batch, int Index, long RecordedAt) : IRow
    {
        public QueryValue this[Field field] => field.Path is { } path ? Batch.Metadata[Index][path] : field.Name switch
        {
            "counter_name" => QueryValue.Of(Batch.Series[Index].Meter),
            "counter_type" => QueryValue.Of(Batch.Series[Index].Type.Name()),
            "counter_unit" => QueryValue.Of(Batch.Series[Index].Unit),
            "user_id" => QueryValue.Of(Batch.Series[Index].UserId),
            "project_id" => QueryValue.Of(Batch.Series[Index].ProjectId),
            "resource_id" => QueryValue.Of(Batch.Series[Index].ResourceId),
            "source" => QueryValue.Of(Batch.Series[Index].Source),
            "counter_volume" => QueryValue.Of(Batch.Volumes[Index]),
            "timestamp" => QueryValue.Instant(Batch.Timestamps[Index]),
            "recorded_at" => QueryValue.Instant(RecordedAt),
            "message_id" => QueryValue.Of(Batch.SampleId(Recorded.Id, Index)),
            _ => QueryValue.Null,
        };
    }
}
