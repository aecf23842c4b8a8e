using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Tests.Pipelines;

/// <summary>Samples for tests, one a second.</summary>
internal static class InFlight
{
    public static readonly long Start = UnixMicroseconds.From(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    public static SampleInFlight Of(
        string meter = "cpu", double volume = 1, double second = 0, string resource = "r1", SampleType type = SampleType.Cumulative, string? unit = "ns",
        string? project = "p1", string? user = "u1", string metadata = "{}", double? monotonic = null) =>
        new(new(meter, type, unit, resource, project, user, "openstack"), Start + (long)(second * 1e6), volume, Metadata.Parse(Encoding.UTF8.GetBytes(metadata)))
        {
            MonotonicTime = monotonic,
        };
}
