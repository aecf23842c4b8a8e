using System.ComponentModel.DataAnnotations;

namespace Telemetry.Projections.Past;

/// <summary>Settings of questions about what was known before, section <c>Telemetry:AsOf</c>.</summary>
public sealed class PastOptions
{
    /// <summary>The most samples that one question may replay. 1 000 to 1 000 000 000; default 10 000 000 (a few seconds and about 50 MB).</summary>
    [Range(1_000, 1_000_000_000)]
    public long MaxSamples { get; set; } = 10_000_000;

    /// <summary>How many questions may be replayed at a time. 1 to 64; default 2.</summary>
    [Range(1, 64)]
    public int MaxConcurrent { get; set; } = 2;
}
