using System.ComponentModel.DataAnnotations;

namespace Telemetry.Ingest.EventStores;

/// <summary>Settings of the event log, whatever it is built on; section <c>Telemetry:EventLog</c>.</summary>
internal class EventLogOptions
{
    /// <summary>Appends that may wait for the writer; more are refused as busy. 1 to 100 000; default 1 024.</summary>
    [Range(1, 100_000)]
    public int QueueLength { get; set; } = 1_024;

    /// <summary>Bytes of events that may wait for the writer, about. Default 256 MB.</summary>
    [Range(1, long.MaxValue)]
    public long QueueBytes { get; set; } = 256L << 20;

    /// <summary>Appends that are committed together at most. 1 to 10 000; default 64.</summary>
    [Range(1, 10_000)]
    public int GroupLength { get; set; } = 64;

    /// <summary>Events that may wait for one subscriber before it is served from the log again. 1 to 100 000; default 256.</summary>
    [Range(1, 100_000)]
    public int SubscriberQueueLength { get; set; } = 256;

    /// <summary>Bytes of metadata versions (as JSON) to keep in memory. Default 64 MB.</summary>
    [Range(0, long.MaxValue)]
    public long MetadataCacheBytes { get; set; } = 64L << 20;
}
