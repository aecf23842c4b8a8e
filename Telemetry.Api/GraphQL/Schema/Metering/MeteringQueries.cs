using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Types;
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
        PagingArguments page, [GlobalState] Caller caller, IMeteringReader reader, CancellationToken ct,
        ResourceFilterInput? where = null, IReadOnlyList<ResourceSortInput>? order = null) =>
        ResourcePages.ReadAsync(reader, caller.Scope().Limit(where), page, order, ct);
}
