using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Api.GraphQL.Types.Scalars;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>What was metered, what happened, and what watches it. A caller sees what its project may see over REST.</summary>
[QueryType]
internal static class MeteringQueries
{
    /// <summary>A meter by name: of several types and units the one with the newest sample. Null where no sample of it can be seen.</summary>
    /// <param name="name">The meter's name.</param>
    /// <param name="type">Only of this type.</param>
    /// <param name="unit">Only of this unit.</param>
    public static Task<Meter?> GetMeterAsync(string name, MeterByName meters, CancellationToken ct, MeterType? type = null, string? unit = null) =>
        meters.LoadAsync(new MeterKey(name, type, unit), ct);

    /// <summary>The meters that samples have come in for, by name.</summary>
    /// <param name="where">Only those.</param>
    /// <param name="order">By name, unless another order is asked for.</param>
    [UsePaging(IncludeTotalCount = true)]
    public static async Task<Connection<Meter>> GetMetersAsync(
        PagingArguments page, [GlobalState] Caller caller, IMeteringReader reader, CancellationToken ct,
        MeterFilterInput? where = null, IReadOnlyList<MeterSortInput>? order = null)
    {
        var rows = await reader.MeterDefinitionsAsync(new(caller.Scope().Limit(where), int.MaxValue), ct);
        var descending = order?.FirstOrDefault(o => o.Name is not null)?.Name == SortEnumType.Desc;
        return new ListOrder<Meter>([new("name", m => QueryValue.Of(m.Name), descending)], m => m.Key).Page(rows.Select(Meter.Of), page);
    }

    /// <summary>A resource by its `id` or `externalId`; null where no sample of it can be seen.</summary>
    /// <param name="id">Either.</param>
    public static Task<Resource?> GetResourceAsync([ID] string id, ResourceById resources, CancellationToken ct) =>
        resources.LoadAsync(GlobalIds.KeyOf(id, nameof(Resource)), ct);

    /// <summary>The resources that samples were measured on.</summary>
    /// <param name="where">Only those.</param>
    /// <param name="order">By `externalId`, unless another order is asked for.</param>
    [UsePaging]
    public static Task<Connection<Resource>> GetResourcesAsync(
        PagingArguments page, [GlobalState] Caller caller, ResourcesOfQuery resources, CancellationToken ct,
        ResourceFilterInput? where = null, IReadOnlyList<ResourceSortInput>? order = null) =>
        ResourcePages.ReadAsync(resources, caller.Scope().Limit(where), page, order, ct);

    /// <summary>Samples, newest first.</summary>
    /// <param name="where">Only those. Pages of more than 100, and other orders, need a lower bound of `timestamp`.</param>
    /// <param name="order">Newest first, unless another order is asked for.</param>
    [UsePaging]
    public static Task<Connection<Sample>> GetSamplesAsync(
        PagingArguments page, [GlobalState] Caller caller, SamplesOfQuery samples, CancellationToken ct,
        SampleFilterInput? where = null, IReadOnlyList<SampleSortInput>? order = null) =>
        SamplePages.ReadAsync(samples, caller.Scope().Limit(where), page, order, ct);

    /// <summary>Aggregates over the samples of a meter, by period, group and unit.</summary>
    /// <param name="meter">The meter's name, whatever its type and unit.</param>
    /// <param name="range">The samples' time.</param>
    /// <param name="period">How long a bucket is, on the calendar of the time zone: `PT5M`, `P1D`, `P1M`. Without it there is one bucket.</param>
    /// <param name="groupBy">Buckets of their own for every value. Samples without a metadata key that is grouped by are left out.</param>
    /// <param name="where">Only those samples.</param>
    /// <param name="fill">What stands in buckets without samples.</param>
    /// <param name="timeZone">Whose calendar the periods follow, by its IANA name.</param>
    /// <param name="order">By time, then group, unless another order is asked for.</param>
    /// <param name="first">Buckets at most.</param>
    [StatisticsSize]
    public static async Task<StatisticsResult> GetStatisticsAsync(
        string meter, TimeRangeInput range, [GlobalState] Caller caller, IMeteringReader reader, TimeProvider time, IResolverContext context, CancellationToken ct,
        CalendarDuration? period = null, IReadOnlyList<GroupByInput>? groupBy = null, SampleFilterInput? where = null, Fill fill = Fill.None,
        string timeZone = "UTC", IReadOnlyList<StatisticsSortInput>? order = null, int first = StatisticsRequest.DefaultFirst)
    {
        var request = StatisticsRequest.Of(range, period, groupBy, fill, timeZone, order, first, time.GetUtcNow(), AggregateSet.Of(context));
        var filter = Predicate.And(caller.Scope().Limit(where), Predicate.Equal(Field.Meter, meter));
        return request.Result(await request.ReadAsync(reader, filter, [], ct));
    }
}
