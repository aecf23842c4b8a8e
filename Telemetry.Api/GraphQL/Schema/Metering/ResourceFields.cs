using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Schema.Metering;

[ExtendObjectType<Resource>]
internal static class ResourceFields
{
    [NodeResolver]
    public static Task<Resource?> FindAsync(string id, ResourceById resources, CancellationToken ct) => resources.LoadAsync(id, ct);
}
