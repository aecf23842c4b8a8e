using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Audit;

/// <summary>The one encoding of a stream's share of a batch that does not depend on how a store or the wire packs it.</summary>
/// <remarks>
/// docs/audit.md has the layout: a heading, the share's shape (stream, series, numbers), its metadata, and its values. The digest has shape and
/// metadata by their own digests, as these are the same from poll to poll and need not be hashed again: see <see cref="EventHasher"/>.
/// </remarks>
public static class CanonicalSamples
{
    internal static ReadOnlySpan<byte> Heading => "telemetry/samples/v1\n"u8;

    // A polled series is in every batch as the same object.
    private static readonly ConditionalWeakTable<SeriesKey, byte[]> EncodedSeries = [];

    /// <summary>The encoding itself.</summary>
    public static byte[] Encode(SampleShare share)
    {
        var writer = new CanonicalWriter();
        writer.Raw(Heading);
        var length = writer.Reserve();
        WriteShape(writer, share.Stream, share.Batch, share.Indexes);
        writer.Fill(length, writer.Length - length - sizeof(uint));
        length = writer.Reserve();
        WriteMetadata(writer, share.Batch, share.Indexes);
        writer.Fill(length, writer.Length - length - sizeof(uint));
        WriteValues(writer, share.Batch, share.Indexes);
        return writer.Written.ToArray();
    }

    /// <summary>The digest of what <see cref="Encode"/> wrote: SHA-256 over the heading, the digests of shape and metadata, and the values.</summary>
    /// <exception cref="FormatException">The bytes are no share.</exception>
    public static Digest DigestOf(ReadOnlySpan<byte> encoded)
    {
        var reader = new CanonicalReader(encoded);
        reader.Expect(Heading);
        var writer = new CanonicalWriter();
        writer.Raw(Heading);
        writer.Digest(Digest.Of(reader.Bytes()));
        writer.Digest(Digest.Of(reader.Bytes()));
        writer.Raw(reader.Rest);
        return Digest.Of(writer.Written);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no share.</exception>
    public static DecodedShare Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new CanonicalReader(encoded);
        reader.Expect(Heading);
        var shape = new CanonicalReader(reader.Bytes());
        var ofMetadata = new CanonicalReader(reader.Bytes());

        var stream = shape.RequiredText();
        var count = shape.UInt32() is var n && n <= reader.Rest.Length / sizeof(double)
            ? (int)n
            : throw new FormatException($"{n} samples are more than {reader.Rest.Length} bytes of values hold.");
        var series = new SeriesKey[count];
        var at = 0;
        for (var runs = shape.Count(33); runs > 0; runs--)
        {
            var meter = shape.RequiredText();
            var type = (SampleType)shape.UInt8();
            Fill(series, ref at, new(meter, type, shape.Text(), shape.RequiredText(), shape.Text(), shape.Text(), shape.RequiredText()), shape.UInt32());
        }
        DemandFull(ref at, count);
        var indexes = new int[count];
        for (var runs = shape.Count(8); runs > 0; runs--)
        {
            var (first, begin) = ((int)shape.UInt32(), at);
            Fill(indexes, ref at, first, shape.UInt32());
            for (var i = begin; i < at; i++)
                indexes[i] += i - begin;
        }
        DemandFull(ref at, count);
        shape.ExpectEnd();

        var metadata = new Metadata[count];
        for (var runs = ofMetadata.Count(8); runs > 0; runs--)
            Fill(metadata, ref at, Metadata.FromCanonical(ofMetadata.Bytes()), ofMetadata.UInt32());
        DemandFull(ref at, count);
        ofMetadata.ExpectEnd();

        var timestamps = new long[count];
        for (var runs = reader.Count(12); runs > 0; runs--)
            Fill(timestamps, ref at, reader.Int64(), reader.UInt32());
        DemandFull(ref at, count);
        var volumes = new double[count];
        foreach (ref var volume in volumes.AsSpan())
            volume = BitConverter.Int64BitsToDouble(reader.Int64());
        var ids = new string?[count];
        if (reader.UInt8() == 1)
        {
            foreach (ref var id in ids.AsSpan())
                id = reader.Text();
        }
        byte[]? signatures = reader.UInt8() == 1 ? reader.Take(checked(32 * count)).ToArray() : null;
        reader.ExpectEnd();
        return timestamps.Any(t => t < UnixMicroseconds.Min || t > UnixMicroseconds.Max)
            ? throw new FormatException("A sample of the share names an instant that cannot be.")
            : new(stream, indexes, series, timestamps, volumes, metadata, ids, signatures);
    }

    /// <summary>What is the same from poll to poll: the stream, the series and the numbers of the samples.</summary>
    internal static void WriteShape(CanonicalWriter writer, StreamName stream, SampleBatch batch, ReadOnlySpan<int> indexes)
    {
        writer.Text(stream.ToString());
        writer.UInt32((uint)indexes.Length);
        var (count, runs) = (writer.Reserve(), 0);
        for (int from = 0, to; from < indexes.Length; from = to, runs++)
        {
            var key = batch.Series[indexes[from]];
            for (to = from + 1; to < indexes.Length && key.Equals(batch.Series[indexes[to]]);)
                to++;
            writer.Raw(EncodedSeries.GetValue(key, EncodeSeries));
            writer.UInt32((uint)(to - from));
        }
        writer.Fill(count, runs);
        (count, runs) = (writer.Reserve(), 0);
        for (int from = 0, to; from < indexes.Length; from = to, runs++)
        {
            for (to = from + 1; to < indexes.Length && indexes[to] == indexes[to - 1] + 1;)
                to++;
            writer.UInt32((uint)indexes[from]);
            writer.UInt32((uint)(to - from));
        }
        writer.Fill(count, runs);
    }

    internal static void WriteMetadata(CanonicalWriter writer, SampleBatch batch, ReadOnlySpan<int> indexes)
    {
        var (count, runs) = (writer.Reserve(), 0);
        for (int from = 0, to; from < indexes.Length; from = to, runs++)
        {
            var value = batch.Metadata[indexes[from]];
            for (to = from + 1; to < indexes.Length && value.Equals(batch.Metadata[indexes[to]]);)
                to++;
            writer.Bytes(value.Utf8.Span);
            writer.UInt32((uint)(to - from));
        }
        writer.Fill(count, runs);
    }

    /// <param name="oneInstant">Whether it is known that all samples have the same timestamp.</param>
    internal static void WriteValues(CanonicalWriter writer, SampleBatch batch, ReadOnlySpan<int> indexes, bool oneInstant = false)
    {
        var (count, runs) = (writer.Reserve(), 0);
        for (int from = 0, to; from < indexes.Length; from = to, runs++)
        {
            var at = batch.Timestamps[indexes[from]];
            for (to = oneInstant ? indexes.Length : from + 1; to < indexes.Length && batch.Timestamps[indexes[to]] == at;)
                to++;
            writer.Int64(at);
            writer.UInt32((uint)(to - from));
        }
        writer.Fill(count, runs);
        var volumes = writer.Doubles(indexes.Length);
        if (indexes[^1] - indexes[0] == indexes.Length - 1)
        {
            batch.Volumes.AsSpan(indexes[0], indexes.Length).CopyTo(volumes);
        }
        else
        {
            for (var n = 0; n < volumes.Length; n++)
                volumes[n] = batch.Volumes[indexes[n]];
        }
        WriteIds(batch, indexes, writer);
        WriteSignatures(batch, indexes, writer);
    }

    private static byte[] EncodeSeries(SeriesKey key)
    {
        var writer = new CanonicalWriter(256);
        writer.Text(key.Meter);
        writer.UInt8((byte)key.Type);
        writer.Text(key.Unit);
        writer.Text(key.ResourceId);
        writer.Text(key.ProjectId);
        writer.Text(key.UserId);
        writer.Text(key.Source);
        return writer.Written.ToArray();
    }

    /// <summary>The senders' ids, unless none of the samples has one; ids that follow from the event's are not written.</summary>
    private static void WriteIds(SampleBatch batch, ReadOnlySpan<int> indexes, CanonicalWriter writer)
    {
        if (batch.MessageIds is not { } ids || !AreAny(ids, indexes))
        {
            writer.UInt8(0);
            return;
        }
        writer.UInt8(1);
        var uuids = ids.Uuids;
        foreach (var i in indexes)
        {
            if (uuids[i] == Guid.Empty)
                writer.Text(ids[i]);
            else
                writer.Text(uuids[i]);
        }
    }

    private static bool AreAny(MessageIds ids, ReadOnlySpan<int> indexes)
    {
        foreach (var i in indexes)
        {
            if (ids.Uuids[i] != Guid.Empty || ids.Others.ContainsKey(i))
                return true;
        }
        return false;
    }

    /// <summary>The senders' HMACs, 32 bytes each, unless none of the samples has one.</summary>
    private static void WriteSignatures(SampleBatch batch, ReadOnlySpan<int> indexes, CanonicalWriter writer)
    {
        var any = false;
        if (batch.Signatures is { } given)
        {
            foreach (var i in indexes)
                any |= given.AsSpan(32 * i, 32).ContainsAnyExcept((byte)0);
        }
        writer.UInt8(any ? (byte)1 : (byte)0);
        if (!any)
            return;
        foreach (var i in indexes)
            writer.Raw(batch.Signatures.AsSpan(32 * i, 32));
    }

    private static void Fill<T>(T[] column, ref int at, T value, uint count)
    {
        if (count > column.Length - at)
            throw new FormatException($"{count} samples in a row are more than the {column.Length - at} that are left.");
        column.AsSpan(at, (int)count).Fill(value);
        at += (int)count;
    }

    /// <summary>Ends a column and begins the next.</summary>
    private static void DemandFull(ref int at, int count)
    {
        if (at != count)
            throw new FormatException($"A column has {at} samples, not {count}.");
        at = 0;
    }
}

/// <summary>A share as its canonical encoding has it: columns of one length.</summary>
/// <param name="Indexes">The samples' numbers within their batch.</param>
/// <param name="Ids">The ids that the sender gave, null where it gave none.</param>
/// <param name="Signatures">The sender's HMACs, 32 bytes a sample; null where it gave none.</param>
public sealed record DecodedShare(
    string Stream, int[] Indexes, SeriesKey[] Series, long[] Timestamps, double[] Volumes, Metadata[] Metadata, string?[] Ids, byte[]? Signatures);
