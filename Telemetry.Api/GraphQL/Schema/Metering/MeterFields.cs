using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Schema.Metering;

[ExtendObjectType<Meter>]
internal static class MeterFields
{
    [NodeResolver]
    public static async Task<Meter?> FindAsync(string key, MeterByKey meters, CancellationToken ct) =>
        Meter.Parse(key) is { } meter ? await meters.LoadAsync(meter, ct) : null;
}
