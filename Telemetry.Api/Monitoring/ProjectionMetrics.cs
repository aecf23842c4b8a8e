using System.Diagnostics.Metrics;
using Telemetry.Projections.Running;

namespace Telemetry.Api.Monitoring;

/// <summary>How far each projection is behind the log, for whoever watches the process.</summary>
internal sealed class ProjectionMetrics
{
    public ProjectionMetrics(IMeterFactory meters, ProjectionRunner runner)
    {
        var meter = meters.Create("Telemetry.Projections");
        meter.CreateObservableGauge("telemetry.projection.position", () => Measure(runner, p => p.Position), "{position}", "The last event that a projection has applied.");
        meter.CreateObservableGauge("telemetry.projection.lag", () => Measure(runner, p => p.Head - p.Position), "{position}", "Positions of the log that a projection has yet to apply.");
        meter.CreateObservableCounter("telemetry.projection.samples", () => Measure(runner, p => p.Samples), "{sample}", "Samples that a projection has applied since the start.");
    }

    private static IEnumerable<Measurement<long>> Measure(ProjectionRunner runner, Func<ProjectionProgress, long> value) =>
        runner.ProgressAsync().GetAwaiter().GetResult().Select(p => new Measurement<long>(value(p), new KeyValuePair<string, object?>("projection", p.Name)));
}
