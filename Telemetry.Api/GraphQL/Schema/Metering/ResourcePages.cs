using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Pages of resources: the reader has to look at all of them in any case.</summary>
internal static class ResourcePages
{
    public static async Task<Connection<Resource>> ReadAsync(
        ResourcesOfQuery resources, Predicate filter, PagingArguments page, IReadOnlyList<ResourceSortInput>? order, CancellationToken ct)
    {
        var rows = await resources.LoadRequiredAsync(new(filter, int.MaxValue), ct);
        return new ListOrder<ResourceRow>([.. (order ?? []).SelectMany(KeysOf)], r => r.ResourceId).Page(rows, page).Select(r => new Resource(r));
    }

    private static IEnumerable<ListOrder<ResourceRow>.Key> KeysOf(ResourceSortInput order)
    {
        if (order.FirstSampleAt is { } first)
            yield return new("first", r => QueryValue.Instant(r.FirstAt), first == SortEnumType.Desc);
        if (order.LastSampleAt is { } last)
            yield return new("last", r => QueryValue.Instant(r.LastAt), last == SortEnumType.Desc);
        if (order.ExternalId is { } id)
            yield return new("id", r => QueryValue.Of(r.ResourceId), id == SortEnumType.Desc);
    }
}
