using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Scalars;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

[ExtendObjectType<Meter>]
internal static class MeterFields
{
    /// <summary>The resources that it was measured on.</summary>
    /// <param name="where">Only those.</param>
    [UsePaging(AllowBackwardPagination = false)]
    public static Task<Connection<Resource>> GetResourcesAsync(
        [Parent] Meter meter, PagingArguments page, [GlobalState] Caller caller, ResourcesOfQuery resources, CancellationToken ct, ResourceFilterInput? where = null) =>
        ResourcePages.ReadAsync(resources, Predicate.And(caller.Scope().Limit(where), Of(meter)), page, null, ct);

    /// <summary>Its samples, newest first.</summary>
    /// <param name="where">Only those. Pages of more than 100, and other orders, need a lower bound of `timestamp`.</param>
    /// <param name="order">Newest first, unless another order is asked for.</param>
    [UsePaging(AllowBackwardPagination = false)]
    public static Task<Connection<Sample>> GetSamplesAsync(
        [Parent] Meter meter, PagingArguments page, [GlobalState] Caller caller, SamplesOfQuery samples, CancellationToken ct,
        SampleFilterInput? where = null, IReadOnlyList<SampleSortInput>? order = null) =>
        SamplePages.ReadAsync(samples, Predicate.And(caller.Scope().Limit(where), Of(meter)), page, order, ct);

    /// <summary>Its newest sample.</summary>
    /// <param name="resource">Only on this resource, by `id` or `externalId`.</param>
    public static async Task<Sample?> GetLatestAsync(
        [Parent] Meter meter, [GlobalState] Caller caller, SamplesOfQuery samples, CancellationToken ct, [ID] string? resource = null)
    {
        var filter = caller.Scope().Limit(Of(meter));
        if (resource is not null)
            filter = Predicate.And(filter, Predicate.Equal(Field.ResourceId, GlobalIds.KeyOf(resource, nameof(Resource))));
        return await samples.LoadRequiredAsync(new(filter, [], 1), ct) is [var newest, ..] ? new(newest) : null;
    }

    /// <summary>Aggregates over its samples, by period and group; of all meters of a list they are read at once.</summary>
    /// <param name="range">The samples' time.</param>
    /// <param name="period">How long a bucket is, on the calendar of the time zone: `PT5M`, `P1D`, `P1M`. Without it there is one bucket.</param>
    /// <param name="groupBy">Buckets of their own for every value. Samples without a metadata key that is grouped by are left out.</param>
    /// <param name="where">Only those samples.</param>
    /// <param name="fill">What stands in buckets without samples.</param>
    /// <param name="timeZone">Whose calendar the periods follow, by its IANA name.</param>
    /// <param name="order">By time, then group, unless another order is asked for.</param>
    /// <param name="first">Buckets at most.</param>
    [StatisticsSize]
    public static Task<StatisticsResult> GetStatisticsAsync(
        [Parent] Meter meter, TimeRangeInput range, StatisticsByMeter statistics, [GlobalState] Caller caller, TimeProvider time, IResolverContext context,
        CancellationToken ct, CalendarDuration? period = null, IReadOnlyList<GroupByInput>? groupBy = null, SampleFilterInput? where = null, Fill fill = Fill.None,
        string timeZone = "UTC", IReadOnlyList<StatisticsSortInput>? order = null, int first = StatisticsRequest.DefaultFirst) =>
        statistics.LoadAsync(
            new(context.Selection, meter),
            () => (StatisticsRequest.Of(range, period, groupBy, fill, timeZone, order, first, time.GetUtcNow(), AggregateSet.Of(context)), caller.Scope().Limit(where)),
            ct);

    [NodeResolver]
    public static async Task<Meter?> FindAsync(string key, MeterByKey meters, CancellationToken ct) =>
        Meter.Parse(key) is { } meter ? await meters.LoadAsync(meter, ct) : null;

    private static Predicate Of(Meter meter) => Conditions.All(
        Predicate.Equal(Field.Meter, meter.Name), Predicate.Equal(Field.Type, ((SampleType)meter.Type).Name()), Predicate.Equal(Field.Unit, meter.Unit));
}
