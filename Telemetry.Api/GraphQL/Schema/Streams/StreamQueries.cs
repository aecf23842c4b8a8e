using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Schema.Metering;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.V2.Streams;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Statistics;
using Telemetry.Domain.Streams;

namespace Telemetry.Api.GraphQL.Schema.Streams;

/// <summary>Which way a stream is read.</summary>
internal enum Direction
{
    /// <summary>The oldest first.</summary>
    Forward,

    /// <summary>The newest first.</summary>
    Backward,
}

/// <summary>Facts in the order in which they were recorded: a project's samples of a month, an alarm's changes.</summary>
/// <param name="Name">Such as `samples-PROJECT-2026-03` or `alarm-ID`.</param>
/// <param name="Revision">Of its last event.</param>
[GraphQLName("Stream")]
internal sealed record StreamView(string Name, long Revision);

/// <summary>The limits of this endpoint.</summary>
/// <param name="MaxPageSize">Items of a page.</param>
/// <param name="MaxBuckets">Buckets of a range, and of an answer.</param>
/// <param name="MaxRange">The longest range of statistics.</param>
/// <param name="MaxCost">Of an operation, reckoned before it is carried out.</param>
/// <param name="MaxDepth">Fields within one another.</param>
internal sealed record Limits(int MaxPageSize, int MaxBuckets, TimeSpan MaxRange, int MaxCost, int MaxDepth);

[QueryType]
internal static class StreamQueries
{
    /// <summary>A stream by name; null where there is none, or none for this caller.</summary>
    /// <param name="name">The stream's name.</param>
    public static async Task<StreamView?> GetStreamAsync(string name, [GlobalState] Caller caller, IEventStore log, CancellationToken ct)
    {
        if (StreamName.Parse(name) is not { } stream || !caller.Scope().IsVisible(stream))
            return null;
        await foreach (var last in log.ReadStreamAsync(stream, long.MaxValue, ReadDirection.Backwards, ct))
            return new(name, last.Version);
        return null;
    }

    /// <summary>The limits of this endpoint.</summary>
    public static Limits Limits(RequestExecutorOptions options) => new(
        new UsePagingAttribute().MaxPageSize, BucketGrid.MaxBuckets, StatisticsRequest.MaxRange, (int)options.MaxCost, options.Validation.MaxExecutionDepth);
}

[ExtendObjectType<StreamView>]
internal static class StreamFields
{
    private const int MaxEvents = 1_000;

    /// <summary>Its events.</summary>
    /// <param name="from">The first revision; without it the first of all, or backward the last.</param>
    /// <param name="direction">Which way.</param>
    /// <param name="first">How many at most, 1 to 1 000.</param>
    [ListSize(SlicingArguments = ["first"])]
    public static async Task<IReadOnlyList<StreamEventView>> GetEventsAsync(
        [Parent] StreamView stream, IEventStore log, CancellationToken ct, long? from = null, Direction direction = Direction.Forward, int first = 100)
    {
        if (first is < 1 or > MaxEvents)
            throw Refused.BadInput($"\"first\" is 1 to {MaxEvents}, not {first}.");
        if (from < 1)
            throw Refused.BadInput($"A revision is at least 1, not {from}.");
        var backward = direction == Direction.Backward;
        var events = new List<StreamEventView>();
        await foreach (var e in log.ReadStreamAsync(
            StreamName.Parse(stream.Name)!.Value, from ?? (backward ? long.MaxValue : 1), backward ? ReadDirection.Backwards : ReadDirection.Forwards, ct))
        {
            events.Add(new(e));
            if (events.Count == first)
                break;
        }
        return events;
    }
}

[ExtendObjectType<Limits>]
internal static class LimitsFields
{
    /// <summary>When the oldest sample was true that the caller can see.</summary>
    public static async Task<DateTimeOffset?> GetOldestSampleAsync([GlobalState] Caller caller, IMeteringReader reader, CancellationToken ct)
    {
        var rows = await reader.StatisticsAsync(new StatisticsQuery(caller.Scope().Predicate, TimeRange.Always, null, null, [], []), ct);
        return rows.Count > 0 ? UnixMicroseconds.ToDateTimeOffset(rows.Min(r => r.Total.FirstAt)) : null;
    }
}
