using System.IO.Compression;
using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>What a batch consists of. The bits are stored and never change.</summary>
[Flags]
internal enum BatchFlags : byte
{
    None = 0,
    SelfContained = 1,
    Packed = 2,
    Uuids = 4,
    TextIds = 8,
    Signatures = 16,

    /// <summary>The SHA-256 of the dictionary stands in the head; without <see cref="SelfContained"/> the dictionary itself is left out.</summary>
    Named = 32,
    All = SelfContained | Packed | Uuids | TextIds | Signatures | Named,
}

/// <summary>The head of a batch, checked against the limits and against the bytes that are there.</summary>
internal readonly record struct BatchHead(BatchFlags Flags, int Count, int BlockLength, int StoredLength, Digest? Dictionary)
{
    public static BatchHead Read(ref ByteReader reader, SampleBatchLimits limits)
    {
        if (reader.Byte() is var version && version != SampleBatchCodec.Version)
            throw reader.Fault($"version {version} is not known, only {SampleBatchCodec.Version}");
        var flags = (BatchFlags)reader.Byte();
        if ((flags & ~BatchFlags.All) != 0)
            throw reader.Fault($"flags 0x{(byte)flags:x2} are not known");
        var count = reader.Count(Math.Min(limits.MaxCount, SampleBatch.MaxCount), "samples");
        var length = reader.Count(limits.MaxBlockBytes, "bytes in the block");
        var stored = flags.HasFlag(BatchFlags.Packed) ? reader.Count(reader.Remaining, "bytes in the packed block") : length;
        Digest? dictionary = flags.HasFlag(BatchFlags.Named) ? new Digest(reader.Bytes(Digest.Length)) : null;
        if (length < (long)count * SampleColumns.MinBytesPerSample)
            throw reader.Fault($"{length} bytes cannot hold {count} samples");
        var ids = (flags.HasFlag(BatchFlags.Uuids) ? 16L : 0) + (flags.HasFlag(BatchFlags.Signatures) ? 32L : 0);
        if (stored + ids * count > reader.Remaining)
            throw reader.Fault($"{stored + ids * count} bytes should follow, only {reader.Remaining} do");
        return new BatchHead(flags, count, length, stored, dictionary);
    }

    public bool TryUnpack(ReadOnlySpan<byte> stored, Span<byte> block)
    {
        if (Flags.HasFlag(BatchFlags.Packed))
            return BrotliDecoder.TryDecompress(stored, block, out var written) && written == block.Length;
        stored.CopyTo(block);
        return true;
    }
}
