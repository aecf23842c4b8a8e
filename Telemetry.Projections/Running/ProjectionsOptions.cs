using System.ComponentModel.DataAnnotations;

namespace Telemetry.Projections.Running;

/// <summary>Settings of the read side, section <c>Telemetry:Projections</c>.</summary>
public sealed class ProjectionsOptions
{
    /// <summary>The directory of <c>read-model.db</c>. Default <c>data</c>.</summary>
    [Required]
    public string Directory { get; set; } = "data";

    /// <summary>Bytes of sealed blocks that are kept in memory; older ones are read from the file. Default 192 MB.</summary>
    [Range(0, long.MaxValue)]
    public long CacheBytes { get; set; } = 192 << 20;

    /// <summary>After how many samples the read model is stored; a restart reads as many again. 1 000 to 100 000 000; default 8 000 000.</summary>
    [Range(1_000, 100_000_000)]
    public int FlushSamples { get; set; } = 8_000_000;

    /// <summary>After how many seconds without an event the read model is stored. 1 to 3 600; default 5.</summary>
    [Range(1, 3_600)]
    public int FlushAfterSeconds { get; set; } = 5;

    /// <summary>How long one query may take. 1 to 3 600 seconds; default 30.</summary>
    [Range(1, 3_600)]
    public int QueryTimeoutSeconds { get; set; } = 30;
}
