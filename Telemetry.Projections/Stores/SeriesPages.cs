using System.IO.Compression;
using System.Runtime.InteropServices;
using Telemetry.Domain.Leases;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Stores;

/// <summary>Blocks of one series that were stored together.</summary>
/// <param name="First">The number of the first block.</param>
/// <param name="Data">Each block, its length in bytes before it.</param>
internal readonly record struct SegmentRow(int Series, int Kind, int First, long FirstAt, long LastAt, byte[] Data)
{
    public static SegmentRow Of(int series, int kind, int first, IReadOnlyCollection<Block> blocks)
    {
        var buffer = new ByteBuffer();
        foreach (var block in blocks)
        {
            buffer.Varint((ulong)block.Data.Length);
            buffer.Bytes(block.Data);
        }
        return new(series, kind, first, blocks.Min(b => b.FirstAt), blocks.Max(b => b.LastAt), buffer.ToArray());
    }

    /// <exception cref="InvalidDataException">The bytes are no blocks.</exception>
    public List<Block> Blocks()
    {
        var blocks = new List<Block>();
        for (var reader = new ByteReader(Data); !reader.AtEnd;)
            blocks.Add(Block.Restore(reader.Bytes(reader.Count(int.MaxValue)).ToArray(), long.MinValue));
        return blocks;
    }
}

/// <summary>What one flush stores of neighbouring series, packed together.</summary>
/// <remarks>
/// Series are polled together: the columns of their timestamps and positions are the same bytes again and again, which Brotli finds
/// only across series (1.0 byte a sample of workload W). A row a series would cost another 40 bytes in SQLite each.
/// </remarks>
internal static class SeriesPages
{
    public const int SeriesPerPage = 64;

    // Quality 1 finds what repeats; the volumes are packed to their last bit already.
    private const int Quality = 1;
    private const int WindowBits = 18;

    /// <summary>Of a page, unpacked: more is a sign of damage.</summary>
    private const int MaxBytes = 1 << 29;

    public static int PageOf(int series) => series / SeriesPerPage;

    /// <summary>The range of a hash that a page, or a position, lies in.</summary>
    /// <param name="ranges">How many there are.</param>
    public static int RangeOf(long number, int ranges) => HashRanges.Of(unchecked((uint)number * 2_654_435_769), ranges); // 2^32 by the golden ratio: Knuth, TAOCP 6.4

    /// <summary>The numbers of a page's series: the first, and the one after the last.</summary>
    public static (int From, int To) SeriesOf(int page) => (page * SeriesPerPage, (page + 1) * SeriesPerPage);

    public static byte[] Pack(ReadOnlySpan<byte> bytes)
    {
        var packed = new byte[4 + BrotliEncoder.GetMaxCompressedLength(bytes.Length)];
        MemoryMarshal.Write(packed, bytes.Length);
        if (!BrotliEncoder.TryCompress(bytes, packed.AsSpan(4), out var length, Quality, WindowBits))
            throw new InvalidOperationException($"{bytes.Length} bytes cannot be packed.");
        return packed.AsSpan(0, 4 + length).ToArray();
    }

    /// <exception cref="InvalidDataException">The bytes were not made by <see cref="Pack"/>.</exception>
    public static byte[] Unpack(ReadOnlySpan<byte> packed)
    {
        if (packed.Length < 4 || MemoryMarshal.Read<int>(packed) is not (>= 0 and <= MaxBytes and var length))
            throw ByteReader.Damaged();
        var bytes = new byte[length];
        return BrotliDecoder.TryDecompress(packed[4..], bytes, out var written) && written == length ? bytes : throw ByteReader.Damaged();
    }

    /// <summary>Packs the segments of one page and kind.</summary>
    public static byte[] PackSegments(ReadOnlySpan<SegmentRow> segments)
    {
        var buffer = new ByteBuffer();
        foreach (var segment in segments)
        {
            buffer.Varint((ulong)(segment.Series % SeriesPerPage));
            buffer.Varint((ulong)segment.First);
            buffer.Signed(segment.FirstAt);
            buffer.Signed(segment.LastAt);
            buffer.Varint((ulong)segment.Data.Length);
            buffer.Bytes(segment.Data);
        }
        return Pack(buffer.Written);
    }

    /// <summary>All segments of an unpacked page, or those of one series.</summary>
    /// <param name="series">0 for all.</param>
    public static List<SegmentRow> Segments(byte[] page, int number, int kind, int series = 0)
    {
        var segments = new List<SegmentRow>();
        for (var reader = new ByteReader(page); !reader.AtEnd;)
        {
            var of = number * SeriesPerPage + reader.Count(SeriesPerPage - 1);
            var (first, firstAt, lastAt) = (reader.Count(int.MaxValue), reader.Signed(), reader.Signed());
            var data = reader.Bytes(reader.Count(int.MaxValue));
            if (series == 0 || of == series)
                segments.Add(new(of, kind, first, firstAt, lastAt, data.ToArray()));
        }
        return segments;
    }

    /// <summary>Packs the states of one page's series, by the number of the series.</summary>
    public static byte[] PackStates(ReadOnlySpan<(int Series, byte[] State)> states)
    {
        var buffer = new ByteBuffer();
        foreach (var (series, state) in states)
        {
            buffer.Varint((ulong)(series % SeriesPerPage));
            buffer.Varint((ulong)state.Length);
            buffer.Bytes(state);
        }
        return Pack(buffer.Written);
    }

    public static List<(int Series, byte[] State)> States(byte[] page, int number)
    {
        var states = new List<(int, byte[])>();
        for (var reader = new ByteReader(page); !reader.AtEnd;)
            states.Add((number * SeriesPerPage + reader.Count(SeriesPerPage - 1), reader.Bytes(reader.Count(int.MaxValue)).ToArray()));
        return states;
    }
}

/// <summary>Pages that a query has unpacked: it goes through neighbouring series one after the other.</summary>
internal sealed class UnpackedPages
{
    private const int MaxBytes = 8 << 20;

    private readonly Dictionary<long, byte[]> _pages = [];
    private int _bytes;

    /// <param name="id">The row's number, which is never another row's.</param>
    public byte[] Get(long id, Func<byte[]> packed)
    {
        if (_pages.TryGetValue(id, out var page))
            return page;
        page = SeriesPages.Unpack(packed());
        if (_bytes + page.Length > MaxBytes)
        {
            _pages.Clear();
            _bytes = 0;
        }
        _pages.Add(id, page);
        _bytes += page.Length;
        return page;
    }
}
