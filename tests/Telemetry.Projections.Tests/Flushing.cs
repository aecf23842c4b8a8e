using Telemetry.Projections.Running;

namespace Telemetry.Projections.Tests;

internal static class Flushing
{
    /// <summary>Stores all ranges.</summary>
    public static void Flush(this IProjection projection) => projection.Flush([.. Enumerable.Range(0, projection.Shares.Count)]);
}
