using System.ComponentModel.DataAnnotations;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>Bounds of what one request may bring, section <c>Telemetry:Ingest:Samples</c>.</summary>
public sealed class SampleLimits
{
    /// <summary>Bytes of a body, as sent and again after decompression. 1 KiB to 1 GiB; default 64 MiB.</summary>
    [Range(1 << 10, 1 << 30)]
    public int MaxBodyBytes { get; set; } = 64 << 20;

    /// <summary>Bytes of all bodies in memory at once; a request that would exceed them is told to come again. Default 256 MiB.</summary>
    [Range(1 << 10, long.MaxValue)]
    public long MaxBytesInFlight { get; set; } = 256L << 20;

    /// <summary>Samples in one body. 1 to 16 777 216; default 1 000 000.</summary>
    [Range(1, SampleBatch.MaxCount)]
    public int MaxSamples { get; set; } = 1_000_000;

    /// <summary>Bytes of one sample's metadata as JSON. 2 to 1 MiB; default 64 KiB.</summary>
    [Range(2, 1 << 20)]
    public int MaxMetadataBytes { get; set; } = 64 << 10;

    /// <summary>What dictionaries take that are kept for senders of compact bodies that refer to them. 0 keeps none. Default 64 MiB.</summary>
    [Range(0, long.MaxValue)]
    public long MaxDictionaryBytes { get; set; } = 64L << 20;

    /// <summary>How long an answer waits until what it stored can be read. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan VisibilityTimeout { get; set; } = TimeSpan.FromSeconds(2);
}
