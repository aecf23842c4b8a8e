using Telemetry.Api.Auth;
using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

[ExtendObjectType<Resource>]
internal static class ResourceFields
{
    /// <summary>The meters that were measured on it, in the order of their first sample.</summary>
    public static async Task<IReadOnlyList<Meter>> GetMetersAsync([Parent] Resource resource, MetersOfResource meters, CancellationToken ct) =>
        await meters.LoadAsync(resource.ExternalId, ct) ?? [];

    /// <summary>The samples that were measured on it, newest first.</summary>
    /// <param name="where">Only those. Pages of more than 100, and other orders, need a lower bound of `timestamp`.</param>
    /// <param name="order">Newest first, unless another order is asked for.</param>
    [UsePaging(AllowBackwardPagination = false)]
    public static Task<Connection<Sample>> GetSamplesAsync(
        [Parent] Resource resource, PagingArguments page, [GlobalState] Caller caller, SamplesOfQuery samples, CancellationToken ct,
        SampleFilterInput? where = null, IReadOnlyList<SampleSortInput>? order = null) =>
        SamplePages.ReadAsync(samples, Predicate.And(caller.Scope().Limit(where), Predicate.Equal(Field.ResourceId, resource.ExternalId)), page, order, ct);

    [NodeResolver]
    public static Task<Resource?> FindAsync(string id, ResourceById resources, CancellationToken ct) => resources.LoadAsync(id, ct);
}
