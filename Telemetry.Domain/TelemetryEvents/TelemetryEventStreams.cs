using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.TelemetryEvents;

/// <summary>Names of the streams that hold telemetry events: <c>events-{project}-{yyyy-MM}</c>, project <c>none</c> where there is none.</summary>
public static class TelemetryEventStreams
{
    public const string Category = "events";

    /// <summary>The stream of an event: of its project, and of the month in which it was generated.</summary>
    public static StreamName Of(TelemetryEvent e) => SampleStreams.For(Category, e.ProjectId, e.GeneratedAt);
}
