using Microsoft.Data.Sqlite;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;

namespace Telemetry.Projections.Stores.Sqlite;

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

/// <summary>The tables of one generation of the samples' read model.</summary>
/// <param name="step">Called with a name before each step of a flush: tests stop there.</param>
internal sealed class SampleTables(ReadModelDatabase database, string projection, int version, int generation, Action<string>? step = null)
{
    private static readonly string[] TableNames = ["string", "series", "state", "metadata", "segment", "foreign_ids"];

    private readonly string _suffix = $"_{projection}_{generation}";

    public int Generation => generation;

    public long Position()
    {
        using var lease = database.Connect();
        return ProjectionRow.Find(lease, projection) is { } row && row.Generation == generation ? row.Position : 0;
    }

    /// <summary>Makes empty tables; ones that an interrupted rebuild left are dropped before.</summary>
    public void Create()
    {
        Drop();
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute($"""
                begin immediate;
                create table string{_suffix} (id integer primary key, text text not null);
                create table series{_suffix} (
                    id integer primary key, type integer not null, meter integer not null, unit integer not null, resource integer not null,
                    project integer not null, user integer not null, source integer not null);
                create table state{_suffix} (page integer primary key, data blob not null);
                create table metadata{_suffix} (id integer primary key, hash integer not null, json blob not null);
                create index metadata_hash{_suffix} on metadata{_suffix} (hash);
                create table segment{_suffix} (
                    id integer primary key, page integer not null, kind integer not null,
                    first_at integer not null, last_at integer not null, data blob not null);
                create index segment_page{_suffix} on segment{_suffix} (page, kind);
                create table foreign_ids{_suffix} (position integer primary key, filter blob not null);
                commit;
                """);
        }
    }

    public void Drop()
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute(string.Concat(TableNames.Select(table => $"drop table if exists {table}{_suffix};")));
        }
    }

    /// <summary>Drops what interrupted rebuilds left.</summary>
    public static void DropOthers(ReadModelDatabase database, string projection, int generation)
    {
        List<string> names = [];
        using (var lease = database.Connect())
        {
            using var command = lease.Connection.CreateCommand();
            command.CommandText = "select name from sqlite_schema where type = 'table'";
            using var reader = command.ExecuteReader();
            while (reader.Read())
                names.Add(reader.GetString(0));
        }
        var prefix = $"state_{projection}_";
        foreach (var name in names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)))
        {
            if (int.TryParse(name.AsSpan(prefix.Length), out var other) && other != generation)
                new SampleTables(database, projection, 0, other).Drop();
        }
    }

    /// <summary>Makes this the live generation, complete up to a position.</summary>
    public void Publish(long position)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            using var transaction = lease.Connection.BeginTransaction();
            new ProjectionRow(version, generation, position).Save(lease.Connection, transaction, projection);
            transaction.Commit();
        }
    }

    /// <param name="live">Whether the checkpoint is written too; a generation that is being built has none.</param>
    /// <exception cref="SqliteException">Nothing was stored.</exception>
    public void Write(SampleFlush flush, bool live)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            using var transaction = lease.Connection.BeginTransaction();
            Insert(lease, transaction, "strings", $"insert into string{_suffix} values ($0, $1)", 2, flush.Strings,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Id, row.Text));
            Insert(lease, transaction, "series", $"insert into series{_suffix} values ($0, $1, $2, $3, $4, $5, $6, $7)", 8, flush.Series,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value, set[3].Value, set[4].Value, set[5].Value, set[6].Value, set[7].Value) =
                    (row.Id, (int)row.Type, row.Meter, row.Unit, row.Resource, row.Project, row.User, row.Source));
            Insert(lease, transaction, "metadata", $"insert into metadata{_suffix} values ($0, $1, $2)", 3, flush.Metadata,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value) = (row.Id, MetadataTable.HashOf(row.Metadata), row.Metadata.Utf8.ToArray()));
            Insert(lease, transaction, "states", $"insert or replace into state{_suffix} values ($0, $1)", 2, flush.States,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Page, row.States));
            Insert(lease, transaction, "segments",
                $"insert into segment{_suffix} (page, kind, first_at, last_at, data) values ($0, $1, $2, $3, $4)", 5, flush.Segments,
                static (row, set) => (set[0].Value, set[1].Value, set[2].Value, set[3].Value, set[4].Value) =
                    (row.Page, row.Kind, row.FirstAt, row.LastAt, row.Data));
            Insert(lease, transaction, "foreign ids", $"insert into foreign_ids{_suffix} values ($0, $1)", 2, flush.ForeignIds,
                static (row, set) => (set[0].Value, set[1].Value) = (row.Position, row.Filter));
            step?.Invoke("checkpoint");
            if (live)
                new ProjectionRow(version, generation, flush.Position).Save(lease.Connection, transaction, projection);
            step?.Invoke("commit");
            transaction.Commit();
            step?.Invoke("committed");
        }
    }

    public IEnumerable<(int Id, string Text)> Strings() =>
        Query($"select id, text from string{_suffix} order by id", r => (r.GetInt32(0), r.GetString(1)));

    public IEnumerable<SeriesRow> Series() =>
        Query($"select id, type, meter, unit, resource, project, user, source from series{_suffix} order by id", r => new SeriesRow(
            r.GetInt32(0), (SampleType)r.GetInt32(1), r.GetInt32(2), r.GetInt32(3), r.GetInt32(4), r.GetInt32(5), r.GetInt32(6), r.GetInt32(7)));

    public IEnumerable<(int Series, byte[] State)> States() => Query($"select page, data from state{_suffix} order by page",
        r => SeriesPages.States(SeriesPages.Unpack(r.GetFieldValue<byte[]>(1)), r.GetInt32(0))).SelectMany(states => states);

    /// <summary>All segments, those stored last first.</summary>
    public IEnumerable<SegmentRow> SegmentsBackwards() => Query($"select page, kind, data from segment{_suffix} order by id desc",
        r => SeriesPages.Segments(SeriesPages.Unpack(r.GetFieldValue<byte[]>(2)), r.GetInt32(0), r.GetInt32(1))).SelectMany(segments => segments);

    /// <summary>Segments of a list that hold blocks below a number and overlap a span of time (both ends inclusive), in order.</summary>
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

    /// <summary>Where segments of a list may be, and until when their samples go at most; the latest first.</summary>
    public List<(long Id, long LastAt)> SegmentEnds(BlockList list) => Pages(list, long.MinValue, long.MaxValue, "last_at desc");

    /// <summary>The segments of a list in one row; none where a flush had nothing of this series.</summary>
    public List<SegmentRow> Segments(long id, BlockList list, UnpackedPages pages) => SeriesPages.Segments(
        pages.Get(id, () => Query($"select data from segment{_suffix} where id = $0", r => r.GetFieldValue<byte[]>(0), id).Single()),
        SeriesPages.PageOf(list.Series), list.Kind, list.Series);

    private List<(long Id, long LastAt)> Pages(BlockList list, long from, long to, string order) => Query(
        $"select id, last_at from segment{_suffix} where page = $0 and kind = $1 and last_at >= $2 and first_at <= $3 order by {order}",
        r => (r.GetInt64(0), r.GetInt64(1)), SeriesPages.PageOf(list.Series), list.Kind, from, to).ToList();

    public int LastMetadata() => (int)Query($"select coalesce(max(id), 0) from metadata{_suffix}", r => r.GetInt64(0)).Single();

    public Metadata? Metadata(int id) => Query(
        $"select json from metadata{_suffix} where id = $0", r => Domain.Metering.Metadata.FromCanonical(r.GetFieldValue<byte[]>(0)), id).SingleOrDefault();

    public int? FindMetadata(long hash, Metadata metadata)
    {
        foreach (var (id, json) in Query($"select id, json from metadata{_suffix} where hash = $0", r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1)), hash))
        {
            if (metadata.Utf8.Span.SequenceEqual(json))
                return id;
        }
        return null;
    }

    /// <summary>The positions of events whose filter passes, ascending.</summary>
    public List<long> EventsThatMayHold((ulong, ulong) hash, long upTo)
    {
        var found = new List<long>();
        foreach (var (position, filter) in Query(
            $"select position, filter from foreign_ids{_suffix} where position <= $0 order by position", r => (r.GetInt64(0), r.GetFieldValue<byte[]>(1)), upTo))
        {
            if (Samples.ForeignIds.MayHold(filter, hash))
                found.Add(position);
        }
        return found;
    }

    private IEnumerable<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object[] parameters)
    {
        using var lease = database.Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters.AddWithValue($"${i}", parameters[i]);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return read(reader);
    }

    private void Insert<T>(
        ReadModelDatabase.Lease lease, SqliteTransaction transaction, string name, string sql, int parameters, List<T> rows, Action<T, SqliteParameter[]> set)
    {
        step?.Invoke(name);
        using var command = lease.Connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        var slots = Enumerable.Range(0, parameters).Select(i => new SqliteParameter { ParameterName = $"${i}" }).ToArray();
        command.Parameters.AddRange(slots);
        foreach (var row in rows)
        {
            set(row, slots);
            command.ExecuteNonQuery();
        }
    }
}
