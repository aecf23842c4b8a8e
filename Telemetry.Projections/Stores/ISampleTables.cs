using System.Data.Common;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;

namespace Telemetry.Projections.Stores;

/// <summary>The tables of one generation of the samples' read model; what is read is asked for in the same words everywhere.</summary>
/// <remarks>
/// States and segments are divided into ranges by page, foreign ids by position. Strings, series and metadata are common to all ranges, and complete up
/// to where the furthest one is.
/// </remarks>
internal interface ISampleTables : IProjectionTables
{
    /// <summary>Stores a flush, all of it or nothing.</summary>
    /// <param name="live">Whether the checkpoint is written too; a generation that is being built has none.</param>
    /// <exception cref="ReadModelTakenException">Another process has stored the projection.</exception>
    void Write(SampleFlush flush, bool live);

    Metadata? Metadata(int id);

    /// <summary>What the names of its tables end in.</summary>
    protected string Suffix { get; }

    /// <summary>Reads rows; the connection is held until the last one was taken.</summary>
    /// <param name="sql">Of what both databases understand alike; parameters are $1 and so on.</param>
    protected IEnumerable<T> Query<T>(string sql, Func<DbDataReader, T> read, params object[] parameters);

    IEnumerable<(int Id, string Text)> Strings() => Query($"select id, text from string{Suffix} order by id", r => (r.GetInt32(0), r.GetString(1)));

    IEnumerable<SeriesRow> Series() =>
        Query($"select id, type, meter, unit, resource, project, \"user\", source from series{Suffix} order by id", r => new SeriesRow(
            r.GetInt32(0), (SampleType)r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5), r.GetInt32(6), r.GetInt32(7)));

    IEnumerable<(int Series, byte[] State)> States() => Query(
        $"select page, data from state{Suffix} order by page",
        r => SeriesPages.States(SeriesPages.Unpack(r.GetFieldValue<byte[]>(1)), r.GetInt32(0))).SelectMany(states => states);

    /// <summary>All segments, those stored last first.</summary>
    IEnumerable<SegmentRow> SegmentsBackwards() => Query(
        $"select page, kind, data from segment{Suffix} order by id desc",
        r => SeriesPages.Segments(SeriesPages.Unpack(r.GetFieldValue<byte[]>(2)), r.GetInt32(0), r.GetInt32(1))).SelectMany(segments => segments);

    /// <summary>Segments of a list that hold blocks below a number and overlap a span of time (both ends inclusive), in order.</summary>
    IEnumerable<SegmentRow> Segments(BlockList list, int below, long from, long to, UnpackedPages pages)
    {
        foreach (var (id, _) in Pages(list, from, to, "id"))
        {
            foreach (var segment in Segments(id, list, pages))
            {
                if (segment.First < below && segment.LastAt >= from && segment.FirstAt <= to)
                    yield return segment;
            }
        }
    }

    /// <summary>Where segments of a list may be, and until when their samples go at most; the latest first.</summary>
    List<(long Id, long LastAt)> SegmentEnds(BlockList list) => Pages(list, long.MinValue, long.MaxValue, "last_at desc");

    /// <summary>The segments of a list in one row; none where a flush had nothing of this series.</summary>
    List<SegmentRow> Segments(long id, BlockList list, UnpackedPages pages)
    {
        var page = SeriesPages.PageOf(list.Series);
        return SeriesPages.Segments(
            pages.Get(id, () => Query(
                $"select data from segment{Suffix} where page = $1 and kind = $2 and id = $3", r => r.GetFieldValue<byte[]>(0), page, list.Kind, id).Single()),
            page, list.Kind, list.Series);
    }

    /// <summary>The highest numbers of strings, series and versions of metadata; 0 where there is none. There is none missing before.</summary>
    (int String, int Series, int Metadata) Last() => Query(
        $"select (select max(id) from string{Suffix}), (select max(id) from series{Suffix}), (select max(id) from metadata{Suffix})",
        r => (r.IsDBNull(0) ? 0 : r.GetInt32(0), r.IsDBNull(1) ? 0 : r.GetInt32(1), r.IsDBNull(2) ? 0 : r.GetInt32(2))).Single();

    int? FindMetadata(long hash, Metadata metadata)
    {
        foreach (var (id, json) in Query($"select id, json from metadata{Suffix} where hash = $1", r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1)), hash))
        {
            if (metadata.Utf8.Span.SequenceEqual(json))
                return id;
        }
        return null;
    }

    /// <summary>The positions of events whose filters pass some hashes, each with the number of the hash; ascending.</summary>
    List<(long Position, int Hash)> EventsThatMayHold(IReadOnlyList<(ulong, ulong)> hashes, long upTo) => ForeignIds.ThatMayHold(
        Query($"select position, filter from foreign_ids{Suffix} where position <= $1 order by position", r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1)), upTo), hashes);

    private List<(long Id, long LastAt)> Pages(BlockList list, long from, long to, string order) => Query(
        $"select id, last_at from segment{Suffix} where page = $1 and kind = $2 and last_at >= $3 and first_at <= $4 order by {order}",
        r => (r.GetInt64(0), r.GetInt64(1)), SeriesPages.PageOf(list.Series), list.Kind, from, to).ToList();
}

/// <summary>What one flush adds to the tables; all of it or nothing.</summary>
/// <param name="Ranges">Whose states and segments are stored. What is common to all ranges may be there already.</param>
/// <param name="Position">What these ranges are complete up to afterwards.</param>
internal sealed record SampleFlush(
    IReadOnlyList<int> Ranges,
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
