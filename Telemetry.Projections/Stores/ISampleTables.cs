using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Stores;

/// <summary>The tables of one generation of the samples' read model.</summary>
internal interface ISampleTables : IProjectionTables
{
    /// <summary>Stores a flush, all of it or nothing.</summary>
    /// <param name="live">Whether the checkpoint is written too; a generation that is being built has none.</param>
    /// <exception cref="ReadModelTakenException">Another process has stored the projection.</exception>
    void Write(SampleFlush flush, bool live);

    IEnumerable<(int Id, string Text)> Strings();

    IEnumerable<SeriesRow> Series();

    IEnumerable<(int Series, byte[] State)> States();

    /// <summary>All segments, those stored last first.</summary>
    IEnumerable<SegmentRow> SegmentsBackwards();

    /// <summary>Segments of a list that hold blocks below a number and overlap a span of time (both ends inclusive), in order.</summary>
    IEnumerable<SegmentRow> Segments(BlockList list, int below, long from, long to);

    /// <summary>When the segments that <see cref="Segments"/> would give end, the latest first.</summary>
    List<(int First, long LastAt)> SegmentEnds(BlockList list, int below, long from, long to);

    /// <param name="first">The number of its first block.</param>
    SegmentRow Segment(BlockList list, int first);

    /// <summary>The highest number of a version of metadata, 0 where there is none.</summary>
    int LastMetadata();

    Metadata? Metadata(int id);

    int? FindMetadata(long hash, Metadata metadata);

    /// <summary>The positions of events whose filter passes, ascending.</summary>
    List<long> EventsThatMayHold((ulong, ulong) hash, long upTo);
}

/// <summary>What one flush adds to the tables; all of it or nothing.</summary>
/// <param name="Position">What the tables are complete up to afterwards.</param>
internal sealed record SampleFlush(
    long Position,
    List<(int Id, string Text)> Strings,
    List<SeriesRow> Series,
    List<(int Id, Metadata Metadata)> Metadata,
    List<(int Series, byte[] State)> States,
    List<SegmentRow> Segments,
    List<(long Position, byte[] Filter)> ForeignIds);

/// <summary>A series by the numbers of its strings; 0 for null.</summary>
internal readonly record struct SeriesRow(int Id, SampleType Type, int Meter, int Unit, int Resource, int Project, int User, int Source);

/// <summary>Blocks of one series that were stored together.</summary>
/// <param name="First">The number of the first block.</param>
/// <param name="Data">Each block, its length in bytes before it.</param>
internal readonly record struct SegmentRow(int Series, int Kind, int First, long FirstAt, long LastAt, byte[] Data)
{
    public static SegmentRow Of(int series, int kind, int first, IReadOnlyCollection<Block> blocks, ByteBuffer buffer)
    {
        buffer.Clear();
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
