using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>A body of samples, read and found good.</summary>
/// <param name="Batch">Empty only where all were dropped.</param>
/// <param name="Given">What an answer has to echo as it was sent; null where the batch itself shows it.</param>
/// <param name="Dropped">Messages without a volume (null), which Ceilometer's pipelines drop with a warning (ceilometer/pipeline/sample.py).</param>
public sealed record ParsedSamples(SampleBatch Batch, GivenForm? Given = null, int Dropped = 0)
{
    /// <summary>Whether every sample carried an HMAC by one of our secrets.</summary>
    public bool IsSigned { get; init; }
}

/// <summary>What of posted samples is stored in another form than the sender's, a column each.</summary>
/// <param name="Metadata">With the keys as sent.</param>
/// <param name="OffsetMinutes">The zones of the timestamps, east positive; null where none was written.</param>
public sealed record GivenForm(Metadata[] Metadata, short?[] OffsetMinutes);
