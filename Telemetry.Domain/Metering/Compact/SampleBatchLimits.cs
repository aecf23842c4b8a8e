namespace Telemetry.Domain.Metering.Compact;

/// <summary>What a batch from a stranger may hold. Each is checked before memory is taken for it.</summary>
/// <param name="MaxCount">Samples; at most <see cref="SampleBatch.MaxCount"/>.</param>
/// <param name="MaxBlockBytes">Bytes of the block, unpacked.</param>
/// <param name="MaxMetadataBytes">Bytes of one metadata object.</param>
public sealed record SampleBatchLimits(int MaxCount = 1_000_000, int MaxBlockBytes = 64 << 20, int MaxMetadataBytes = 64 << 10)
{
    public static readonly SampleBatchLimits Default = new();

    /// <summary>For what was written by this program itself.</summary>
    internal static readonly SampleBatchLimits Own = new(SampleBatch.MaxCount, Array.MaxLength, Array.MaxLength);
}
