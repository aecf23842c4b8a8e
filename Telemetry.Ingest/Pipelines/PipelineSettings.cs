namespace Telemetry.Ingest.Pipelines;

/// <summary>Settings of pipelines, section <c>Telemetry:Pipelines</c>.</summary>
public sealed class PipelineSettings
{
    public const string Section = "Telemetry:Pipelines";

    /// <summary>A <c>pipeline.yaml</c>; empty (the default) sends all samples to the store.</summary>
    public string Samples { get; set; } = "";

    /// <summary>An <c>event_pipeline.yaml</c>; empty (the default) sends all events to the store.</summary>
    public string Events { get; set; } = "";
}
