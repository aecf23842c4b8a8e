using System.Buffers;
using System.IO.Compression;
using Telemetry.Domain.Audit;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>A batch of samples as bytes. docs/compact-format.md gives the layout byte by byte.</summary>
/// <remarks>
/// Two forms share it. What travels carries its own dictionary of series and metadata, or refers to one that was sent before; the log form
/// names them by the numbers of a catalogue kept beside the log. Numbers are columns of varints, packed with Brotli at quality 1; ids and
/// signatures cannot be packed and are stored as they are.
/// </remarks>
public static class SampleBatchCodec
{
    public const string ContentType = "application/vnd.telemetry.samples";

    /// <summary>The first byte of every batch written today.</summary>
    public const byte Version = 1;

    // Quality 1 packs W's columns as well as Zstandard does and twice as fast as quality 4; a window of 2^20 bytes covers 200,000 samples.
    private const int Quality = 1;
    private const int WindowBits = 20;

    /// <summary>Writes the form that travels.</summary>
    /// <exception cref="ArgumentException">A volume is not finite, a timestamp out of range, or a text no valid UTF-16.</exception>
    public static void Encode(SampleBatch batch, IBufferWriter<byte> output, DictionaryForm form = DictionaryForm.Inline)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(output);
        var dictionary = new BatchDictionary();
        using var columns = new ByteWriter();
        SampleColumns.Write(columns, batch, dictionary);
        using var block = new ByteWriter();
        dictionary.Write(block);
        Digest? name = form == DictionaryForm.Inline ? null : Digest.Of(block.Written);
        if (form == DictionaryForm.Referred)
        {
            Write(output, batch, columns.Written, BatchFlags.None, name);
            return;
        }
        block.Bytes(columns.Written);
        Write(output, batch, block.Written, BatchFlags.SelfContained, name);
    }

    /// <summary>Reads the form that travels; any bytes are safe to give.</summary>
    /// <param name="interner">Where equal series and metadata of other batches are found; null: they are shared within the batch only.</param>
    /// <exception cref="SampleFormatException">The bytes are no batch, or break a limit.</exception>
    /// <exception cref="UnknownDictionaryException">The batch refers to a dictionary that the interner does not have.</exception>
    public static SampleBatch Decode(ReadOnlySpan<byte> bytes, SampleBatchLimits? limits = null, ISampleInterner? interner = null)
    {
        limits ??= SampleBatchLimits.Default;
        var reader = new ByteReader(bytes, "body");
        var head = BatchHead.Read(ref reader, limits);
        if ((head.Flags & (BatchFlags.SelfContained | BatchFlags.Named)) == 0)
            throw reader.Fault("the batch has no dictionary of its own");
        return Read(ref reader, head, BatchDictionary.Read, (head, limits, interner));
    }

    /// <summary>Whether a body leaves its dictionary out: then nobody can read it from its bytes alone.</summary>
    public static bool Refers(ReadOnlySpan<byte> bytes) =>
        bytes.Length > 1 && ((BatchFlags)bytes[1] & (BatchFlags.Named | BatchFlags.SelfContained)) == BatchFlags.Named;

    /// <summary>Writes the log form, numbering in the catalogue what is new.</summary>
    /// <exception cref="ArgumentException">A volume is not finite, or a timestamp out of range.</exception>
    public static void EncodeForLog(SampleBatch batch, ISampleNumbers numbers, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(numbers);
        ArgumentNullException.ThrowIfNull(output);
        using var block = new ByteWriter();
        SampleColumns.Write(block, batch, numbers);
        Write(output, batch, block.Written, BatchFlags.None, null);
    }

    /// <summary>Reads either form out of a log.</summary>
    /// <exception cref="SampleFormatException">The bytes are no batch, or name what the catalogue does not have.</exception>
    public static SampleBatch DecodeFromLog(ReadOnlySpan<byte> bytes, ISampleCatalog catalog)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var reader = new ByteReader(bytes, "body");
        var head = BatchHead.Read(ref reader, SampleBatchLimits.Own);
        if (head.Dictionary is not null)
            throw reader.Fault("a log keeps no dictionaries by name");
        return head.Flags.HasFlag(BatchFlags.SelfContained)
            ? Read(ref reader, head, BatchDictionary.Read, (head, SampleBatchLimits.Own, (ISampleInterner?)null))
            : Read(ref reader, head, static (ref _, c) => c, catalog);
    }

    /// <summary>The block of a batch as it is before packing: what two encoders have to agree on, whatever their Brotli does.</summary>
    internal static byte[] Unpack(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes, "body");
        var head = BatchHead.Read(ref reader, SampleBatchLimits.Own);
        var stored = reader.Bytes(head.StoredLength);
        var block = new byte[head.BlockLength];
        return head.TryUnpack(stored, block) ? block : throw reader.Fault("the block cannot be unpacked");
    }

    /// <summary>What follows the block: ids and signatures.</summary>
    internal static byte[] Tail(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes, "body");
        reader.Bytes(BatchHead.Read(ref reader, SampleBatchLimits.Own).StoredLength);
        return reader.Bytes(reader.Remaining).ToArray();
    }

    private delegate ISampleCatalog CatalogReader<TState>(ref ByteReader block, TState state);

    private static SampleBatch Read<TState>(ref ByteReader reader, in BatchHead head, CatalogReader<TState> catalogOf, TState state)
    {
        var stored = reader.Bytes(head.StoredLength);
        var unpacked = ArrayPool<byte>.Shared.Rent(head.BlockLength);
        try
        {
            if (!head.TryUnpack(stored, unpacked.AsSpan(0, head.BlockLength)))
                throw reader.Fault("the block cannot be unpacked");
            var block = new ByteReader(unpacked.AsSpan(0, head.BlockLength), "block");
            var catalog = catalogOf(ref block, state);
            var columns = SampleColumns.Read(ref block, head.Count, catalog);
            block.End();
            var ids = SampleIds.Read(ref reader, head);
            var signatures = head.Flags.HasFlag(BatchFlags.Signatures) ? reader.Bytes(32 * head.Count).ToArray() : null;
            reader.End();
            return new SampleBatch(columns.Series, columns.Timestamps, columns.Volumes, columns.Metadata, ids, signatures) { RepeatsSeries = columns.Repeats };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(unpacked);
        }
    }

    private static void Write(IBufferWriter<byte> output, SampleBatch batch, ReadOnlySpan<byte> block, BatchFlags flags, Digest? dictionary)
    {
        using var body = new ByteWriter();
        var packed = ArrayPool<byte>.Shared.Rent(BrotliEncoder.GetMaxCompressedLength(block.Length));
        try
        {
            ReadOnlySpan<byte> stored = block;
            if (BrotliEncoder.TryCompress(block, packed, out var length, Quality, WindowBits) && length < block.Length)
            {
                stored = packed.AsSpan(0, length);
                flags |= BatchFlags.Packed;
            }
            flags |= SampleIds.FlagsOf(batch) | (dictionary is null ? BatchFlags.None : BatchFlags.Named);
            body.Byte(Version);
            body.Byte((byte)flags);
            body.Varint((ulong)batch.Count);
            body.Varint((ulong)block.Length);
            if (flags.HasFlag(BatchFlags.Packed))
                body.Varint((ulong)stored.Length);
            if (dictionary is { } name)
                body.Bytes(name.ToArray());
            body.Bytes(stored);
            SampleIds.Write(body, batch, flags);
            if (batch.Signatures is { } signatures)
                body.Bytes(signatures);
            output.Write(body.Written);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packed);
        }
    }
}
