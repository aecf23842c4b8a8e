using Microsoft.Data.Sqlite;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;

namespace Telemetry.Projections.Stores.Sqlite;

/// <inheritdoc cref="ISampleTables"/>
/// <param name="step">Called with a name before each step of a flush: tests stop there.</param>
internal sealed class SampleTables(ReadModelDatabase database, Generation generation, Action<string>? step = null)
    : SqliteTables(database, generation, ["string", "series", "state", "metadata", "segment", "foreign_ids"], step), ISampleTables
{
    protected override string CreateSql => $"""
        create table string{Suffix} (id integer primary key, text text not null);
        create table series{Suffix} (
            id integer primary key, type integer not null, meter integer not null, unit integer not null, resource integer not null,
            project integer not null, user integer not null, source integer not null);
        create table state{Suffix} (page integer primary key, data blob not null);
        create table metadata{Suffix} (id integer primary key, hash integer not null, json blob not null);
        create index metadata_hash{Suffix} on metadata{Suffix} (hash);
        create table segment{Suffix} (
            id integer primary key, page integer not null, kind integer not null,
            first_at integer not null, last_at integer not null, data blob not null);
        create index segment_page{Suffix} on segment{Suffix} (page, kind);
        create table foreign_ids{Suffix} (position integer primary key, filter blob not null);
        """;

    /// <exception cref="SqliteException">Nothing was stored.</exception>
    public void Write(SampleFlush flush, bool live) => Write(
        writer =>
        {
            writer.Insert("strings", $"insert into string{Suffix} values ($0, $1)", 2, flush.Strings,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Id, row.Text));
            writer.Insert("series", $"insert into series{Suffix} values ($0, $1, $2, $3, $4, $5, $6, $7)", 8, flush.Series,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value, set[3].Value, set[4].Value, set[5].Value, set[6].Value, set[7].Value) =
                    (row.Id, (int)row.Type, row.Meter, row.Unit, row.Resource, row.Project, row.User, row.Source));
            writer.Insert("metadata", $"insert into metadata{Suffix} values ($0, $1, $2)", 3, flush.Metadata,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value) = (row.Id, MetadataTable.HashOf(row.Metadata), row.Metadata.Utf8.ToArray()));
            writer.Insert("states", $"insert or replace into state{Suffix} values ($0, $1)", 2, flush.States,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Page, row.States));
            writer.Insert("segments",
                $"insert into segment{Suffix} (page, kind, first_at, last_at, data) values ($0, $1, $2, $3, $4)", 5, flush.Segments,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value, set[3].Value, set[4].Value) =
                    (row.Page, row.Kind, row.FirstAt, row.LastAt, row.Data));
            writer.Insert("foreign ids", $"insert into foreign_ids{Suffix} values ($0, $1)", 2, flush.ForeignIds,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Position, row.Filter));
        },
        flush.Position, live);

    public IEnumerable<(int Id, string Text)> Strings() =>
        Query($"select id, text from string{Suffix} order by id", r => (r.GetInt32(0), r.GetString(1)));

    public IEnumerable<SeriesRow> Series() =>
        Query($"select id, type, meter, unit, resource, project, user, source from series{Suffix} order by id", r => new SeriesRow(
            r.GetInt32(0), (SampleType)r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5), r.GetInt32(6), r.GetInt32(7)));

    public IEnumerable<(int Series, byte[] State)> States() => Query($"select page, data from state{Suffix} order by page",
        r => SeriesPages.States(SeriesPages.Unpack(r.GetFieldValue<byte[]>(1)), r.GetInt32(0))).SelectMany(states => states);

    public IEnumerable<SegmentRow> SegmentsBackwards() => Query($"select page, kind, data from segment{Suffix} order by id desc",
        r => SeriesPages.Segments(SeriesPages.Unpack(r.GetFieldValue<byte[]>(2)), r.GetInt32(0), r.GetInt32(1))).SelectMany(segments => segments);

    public IEnumerable<SegmentRow> Segments(BlockList list, int below, long from, long to, UnpackedPages pages)
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

    public List<(long Id, long LastAt)> SegmentEnds(BlockList list) => Pages(list, long.MinValue, long.MaxValue, "last_at desc");

    public List<SegmentRow> Segments(long id, BlockList list, UnpackedPages pages) => SeriesPages.Segments(
        pages.Get(id, () => Query($"select data from segment{Suffix} where id = $0", r => r.GetFieldValue<byte[]>(0), id).Single()),
        SeriesPages.PageOf(list.Series), list.Kind, list.Series);

    private List<(long Id, long LastAt)> Pages(BlockList list, long from, long to, string order) => Query(
        $"select id, last_at from segment{Suffix} where page = $0 and kind = $1 and last_at >= $2 and first_at <= $3 order by {order}",
        r => (r.GetInt64(0), r.GetInt64(1)), SeriesPages.PageOf(list.Series), list.Kind, from, to).ToList();

    public int LastMetadata() => (int)Query($"select coalesce(max(id), 0) from metadata{Suffix}", r => r.GetInt64(0)).Single();

    public Metadata? Metadata(int id) => Query(
        $"select json from metadata{Suffix} where id = $0", r => Domain.Metering.Metadata.FromCanonical(r.GetFieldValue<byte[]>(0)), id).SingleOrDefault();

    public int? FindMetadata(long hash, Metadata metadata)
    {
        foreach (var (id, json) in Query($"select id, json from metadata{Suffix} where hash = $0", r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1)), hash))
        {
            if (metadata.Utf8.Span.SequenceEqual(json))
                return id;
        }
        return null;
    }

    public List<(long Position, int Hash)> EventsThatMayHold(IReadOnlyList<(ulong, ulong)> hashes, long upTo) => Samples.ForeignIds.ThatMayHold(
        Query($"select position, filter from foreign_ids{Suffix} where position <= $0 order by position", r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1)), upTo), hashes);
}
