using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;

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
    IEnumerable<SegmentRow> Segments(BlockList list, int below, long from, long to, UnpackedPages pages);

    /// <summary>Where segments of a list may be, and until when their samples go at most; the latest first.</summary>
    List<(long Id, long LastAt)> SegmentEnds(BlockList list);

    /// <summary>The segments of a list in one row; none where a flush had nothing of this series.</summary>
    List<SegmentRow> Segments(long id, BlockList list, UnpackedPages pages);

    /// <summary>The highest number of a version of metadata, 0 where there is none.</summary>
    int LastMetadata();

    Metadata? Metadata(int id);

    int? FindMetadata(long hash, Metadata metadata);

    /// <summary>The positions of events whose filters pass some hashes, each with the number of the hash; ascending.</summary>
    List<(long Position, int Hash)> EventsThatMayHold(IReadOnlyList<(ulong, ulong)> hashes, long upTo);
}

/// <summary>What one flush adds to the tables; all of it or nothing.</summary>
/// <param name="Position">What the tables are complete up to afterwards.</param>
internal sealed record SampleFlush(
    long Position,
    List<(int Id, string Text)> Strings,
    List<SeriesRow> Series,
    List<(int Id, Metadata Metadata)> Metadata,
    List<(int Page, byte[] States)> States,
    List<SegmentPage> Segments,
    List<(long Position, byte[] Filter)> ForeignIds);

/// <summary>A series by the numbers of its strings; 0 for null.</summary>
internal readonly record struct SeriesRow(int Id, SampleType Type, int Meter, int Unit, int Resource, int Project, int User, int Source);

/// <summary>What one flush stores of the blocks of a page's series: <see cref="SeriesPages"/>.</summary>
/// <param name="FirstAt">The earliest sample in it.</param>
internal readonly record struct SegmentPage(int Page, int Kind, long FirstAt, long LastAt, byte[] Data);
