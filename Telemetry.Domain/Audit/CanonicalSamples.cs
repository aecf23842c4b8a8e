using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Audit;

/// <summary>The one encoding of a stream's share of a batch that does not depend on how a store or the wire packs it.</summary>
/// <remarks>docs/audit.md has the layout. It is kept forever: a change gets another first line.</remarks>
public static class CanonicalSamples
{
    internal static ReadOnlySpan<byte> Heading => "telemetry/samples/v1\n"u8;

    // A polled series is in every batch as the same object; encoding its texts anew took a third of the time.
    private static readonly ConditionalWeakTable<SeriesKey, byte[]> EncodedSeries = [];

    /// <summary>The encoding itself.</summary>
    public static byte[] Encode(SampleShare share)
    {
        using var writer = new CanonicalWriter();
        Write(share, writer);
        return writer.Written.ToArray();
    }

    /// <summary>The SHA-256 of the encoding.</summary>
    public static Digest DigestOf(SampleShare share)
    {
        using var writer = new CanonicalWriter();
        Write(share, writer);
        return Digest.Of(writer.Written);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote.</summary>
    /// <exception cref="FormatException">The bytes are no share.</exception>
    public static DecodedShare Decode(ReadOnlySpan<byte> encoded)
    {
        var reader = new CanonicalReader(encoded);
        reader.Expect(Heading);
        var stream = reader.RequiredText();
        var count = reader.Count(32);
        var series = new SeriesKey[reader.Count(29)];
        for (var i = 0; i < series.Length; i++)
        {
            var meter = reader.RequiredText();
            var type = (SampleType)reader.UInt8();
            series[i] = new(meter, type, reader.Text(), reader.RequiredText(), reader.Text(), reader.Text(), reader.RequiredText());
        }
        var metadata = new Metadata[reader.Count(4)];
        for (var i = 0; i < metadata.Length; i++)
            metadata[i] = Metadata.FromCanonical(reader.Take(reader.Count(1)));
        var indexes = reader.UInt32s(count);
        var (ofSeries, ofMetadata) = (reader.UInt32s(count), reader.UInt32s(count));
        var (timestamps, volumes) = (new long[count], new double[count]);
        foreach (ref var at in timestamps.AsSpan())
            at = reader.Int64();
        foreach (ref var volume in volumes.AsSpan())
            volume = BitConverter.Int64BitsToDouble(reader.Int64());
        var ids = new string?[count];
        if (reader.UInt8() == 1)
        {
            foreach (ref var id in ids.AsSpan())
                id = reader.Text();
        }
        byte[]? signatures = reader.UInt8() == 1 ? reader.Take(32 * count).ToArray() : null;
        reader.ExpectEnd();
        if (ofSeries.Any(n => n >= series.Length) || ofMetadata.Any(n => n >= metadata.Length) || timestamps.Any(at => at < UnixMicroseconds.Min || at > UnixMicroseconds.Max))
            throw new FormatException("A sample of the share names a series or metadata that it has not, or an instant that cannot be.");
        return new(stream, [.. indexes.Select(n => (int)n)], [.. ofSeries.Select(n => series[n])], timestamps, volumes, [.. ofMetadata.Select(n => metadata[n])], ids, signatures);
    }

    private static void Write(SampleShare share, CanonicalWriter writer)
    {
        var batch = share.Batch;
        ReadOnlySpan<int> indexes = CollectionsMarshal.AsSpan(share.Indexes as List<int> ?? [.. share.Indexes]);
        var count = indexes.Length;
        writer.Raw(Heading);
        writer.Text(share.Stream.ToString());
        writer.UInt32((uint)count);

        var series = new Numbering<SeriesKey>(count);
        var metadata = new Numbering<Metadata>(count);
        foreach (var i in indexes)
        {
            series.Add(batch.Series[i]);
            metadata.Add(batch.Metadata[i]);
        }
        writer.UInt32((uint)series.Values.Count);
        foreach (var key in series.Values)
            writer.Raw(EncodedSeries.GetValue(key, EncodeSeries));
        writer.UInt32((uint)metadata.Values.Count);
        foreach (var value in metadata.Values)
            writer.Bytes(value.Utf8.Span);

        MemoryMarshal.Cast<int, uint>(indexes).CopyTo(writer.UInt32s(count));
        series.Numbers.CopyTo(writer.UInt32s(count));
        metadata.Numbers.CopyTo(writer.UInt32s(count));
        var timestamps = writer.Int64s(count);
        for (var n = 0; n < count; n++)
            timestamps[n] = batch.Timestamps[indexes[n]];
        var volumes = writer.Int64s(count);
        for (var n = 0; n < count; n++)
            volumes[n] = BitConverter.DoubleToInt64Bits(batch.Volumes[indexes[n]]);
        WriteIds(batch, indexes, writer);
        WriteSignatures(batch, indexes, writer);
    }

    private static byte[] EncodeSeries(SeriesKey key)
    {
        using var writer = new CanonicalWriter();
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
        var any = false;
        if (batch.MessageIds is { } given)
        {
            foreach (var i in indexes)
                any |= given.Uuids[i] != Guid.Empty || given.Others.ContainsKey(i);
        }
        writer.UInt8(any ? (byte)1 : (byte)0);
        if (!any)
            return;
        foreach (var i in indexes)
            writer.Text(batch.MessageIds![i]);
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

    /// <summary>Numbers values by their first use; equal ones get the same number, whether or not they are the same object.</summary>
    private ref struct Numbering<T>(int capacity) where T : class, IEquatable<T>
    {
        private readonly Dictionary<T, uint> _known = new(Math.Min(capacity, 1024));
        private readonly uint[] _numbers = new uint[capacity];
        private int _count;
        private T? _last;
        private uint _lastNumber;

        public readonly List<T> Values { get; } = [];

        public readonly ReadOnlySpan<uint> Numbers => _numbers.AsSpan(0, _count);

        public void Add(T value)
        {
            if (!ReferenceEquals(value, _last))
            {
                ref var number = ref CollectionsMarshal.GetValueRefOrAddDefault(_known, value, out var exists);
                if (!exists)
                {
                    number = (uint)Values.Count;
                    Values.Add(value);
                }
                (_last, _lastNumber) = (value, number);
            }
            _numbers[_count++] = _lastNumber;
        }
    }
}

/// <summary>A share as its canonical encoding has it: columns of one length.</summary>
/// <param name="Indexes">The samples' numbers within their batch.</param>
/// <param name="Ids">The ids that the sender gave, null where it gave none.</param>
/// <param name="Signatures">The sender's HMACs, 32 bytes a sample; null where it gave none.</param>
public sealed record DecodedShare(
    string Stream, int[] Indexes, SeriesKey[] Series, long[] Timestamps, double[] Volumes, Metadata[] Metadata, string?[] Ids, byte[]? Signatures);
