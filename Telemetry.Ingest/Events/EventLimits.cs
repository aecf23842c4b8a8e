using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.Events;

/// <summary>Bounds of what one request may bring, section <c>Telemetry:Ingest:Events</c>.</summary>
public sealed class EventLimits
{
    /// <summary>Bytes of a body, as sent and again after decompression. 1 KiB to 256 MiB; default 16 MiB.</summary>
    [Range(1 << 10, 256 << 20)]
    public int MaxBodyBytes { get; set; } = 16 << 20;

    /// <summary>Telemetry events in one body. 1 to 100 000; default 10 000.</summary>
    [Range(1, 100_000)]
    public int MaxEvents { get; set; } = 10_000;

    /// <summary>Bytes of one event's <c>raw</c> as JSON. 2 bytes to 16 MiB; default 1 MiB.</summary>
    [Range(2, 16 << 20)]
    public int MaxRawBytes { get; set; } = 1 << 20;

    /// <summary>How long an answer waits until what it stored can be read. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan VisibilityTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
