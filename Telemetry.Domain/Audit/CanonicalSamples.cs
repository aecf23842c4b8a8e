using System.Runtime.InteropServices;
using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Audit;

/// <summary>The one encoding of a stream's share of a batch that does not depend on how a store or the wire packs it.</summary>
/// <remarks>docs/audit.md has the layout. It is kept forever: a change gets another first line.</remarks>
public static class CanonicalSamples
{
    internal static ReadOnlySpan<byte> Heading => "telemetry/samples/v1\n"u8;

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
            WriteSeries(key, writer);
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

    private static void WriteSeries(SeriesKey key, CanonicalWriter writer)
    {
        writer.Text(key.Meter);
        writer.UInt8((byte)key.Type);
        writer.Text(key.Unit);
        writer.Text(key.ResourceId);
        writer.Text(key.ProjectId);
        writer.Text(key.UserId);
        writer.Text(key.Source);
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
        private readonly Dictionary<T, uint> _known = [];
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
