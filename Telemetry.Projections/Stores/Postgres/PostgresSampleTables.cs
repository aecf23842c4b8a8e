using System.Data.Common;
using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;

namespace Telemetry.Projections.Stores.Postgres;

/// <inheritdoc cref="ISampleTables"/>
internal sealed class PostgresSampleTables(PostgresReadModels database, Generation generation, Action<string>? step = null)
    : PostgresTables(database, generation, ["string", "series", "state", "metadata", "segment", "foreign_ids"], step, RangeCount), ISampleTables
{
    public const int RangeCount = 16;

    private const int PageSize = 100;
    private const long PartitionLock = 0x54454c45504152;

    private readonly HashSet<DateOnly> _months = [];
    private volatile Dictionary<int, Metadata> _page = []; // the last one read of metadata

    // Divided into ranges of a hash (SeriesPages.RangeOf) are states and segments, by page, and foreign ids, by position.
    // Segments lie in the month in which they end: with a month all that is older in it can be dropped. What is before 2000 or after 2099
    // can only be a mistake of the sender, and makes no table of its own.
    protected override string CreateSql => $"""
        create table string{Suffix} (id int primary key, text text not null);
        create table series{Suffix} (
            id int primary key, type int not null, meter int not null, unit int not null, resource int not null,
            project int not null, "user" int not null, source int not null);
        create table state{Suffix} (page int primary key, data bytea not null);
        alter table state{Suffix} alter column data set storage external;
        create table metadata{Suffix} (id int primary key, hash bigint not null, json bytea not null);
        create index on metadata{Suffix} (hash);
        create table segment{Suffix} (
            id bigint not null default nextval('segment_id'), page int not null, kind int not null, first_at bigint not null, last_at bigint not null,
            data bytea not null, primary key (page, kind, id, last_at)) partition by range (last_at);
        create index on segment{Suffix} (id);
        alter table segment{Suffix} alter column data set storage external;
        create table segment{Suffix}_before partition of segment{Suffix} for values from (minvalue) to ({Micros(First)});
        create table segment{Suffix}_after partition of segment{Suffix} for values from ({Micros(End)}) to (maxvalue);
        create table foreign_ids{Suffix} (position bigint primary key, filter bytea not null);
        """;

    protected override string DistributeSql => $"""
        select create_distributed_table('segment{Suffix}', 'page');
        select create_distributed_table('state{Suffix}', 'page', colocate_with => 'segment{Suffix}');
        select create_reference_table('string{Suffix}');
        select create_reference_table('series{Suffix}');
        select create_reference_table('metadata{Suffix}');
        select create_reference_table('foreign_ids{Suffix}');
        """;

    /// <summary>Rows that are common to all ranges: whoever stores a range stores them, and in every process they are the same.</summary>
    private const string IfNew = "on conflict do nothing";

    private static DateOnly First => new(2000, 1, 1);

    private static DateOnly End => new(2100, 1, 1);

    public void Write(SampleFlush flush, bool live)
    {
        var segments = flush.Segments.SelectMany(ByMonth).ToList();
        foreach (var month in segments.Select(s => MonthOf(s.LastAt)).Distinct())
            MakePartition(month);
        WriteCommon(
            writer =>
            {
                // In the order of their numbers, so that two processes never wait in a circle.
                writer.Merge(
                    "strings", $"insert into string{Suffix} select * from unnest($1, $2) {IfNew}",
                    flush.Strings, page => [page.Select(s => s.Id).ToArray(), page.Select(s => s.Text).ToArray()]);
                writer.Merge("series", $"insert into series{Suffix} select * from unnest($1, $2, $3, $4, $5, $6, $7, $8) {IfNew}", flush.Series, page => [
                    page.Select(s => s.Id).ToArray(), page.Select(s => (int)s.Type).ToArray(), page.Select(s => s.Meter).ToArray(), page.Select(s => s.Unit).ToArray(),
                    page.Select(s => s.Resource).ToArray(), page.Select(s => s.Project).ToArray(), page.Select(s => s.User).ToArray(), page.Select(s => s.Source).ToArray()]);
                writer.Merge("metadata", $"insert into metadata{Suffix} select * from unnest($1, $2, $3) {IfNew}", flush.Metadata, page => [
                    page.Select(m => m.Id).ToArray(), page.Select(m => MetadataTable.HashOf(m.Metadata)).ToArray(), page.Select(m => m.Metadata.Utf8.ToArray()).ToArray()]);
            },
            flush.Ranges, live);
        Write(
            writer =>
            {
                writer.Merge(
                    "states", $"insert into state{Suffix} select * from unnest($1, $2) on conflict (page) do update set data = excluded.data",
                    flush.States, page => [page.Select(s => s.Page).ToArray(), page.Select(s => s.States).ToArray()]);
                writer.Copy("segments", $"segment{Suffix} (page, kind, first_at, last_at, data)", segments, static (row, into) =>
                {
                    into.Write(row.Page);
                    into.Write(row.Kind);
                    into.Write(row.FirstAt);
                    into.Write(row.LastAt);
                    into.Write(row.Data);
                });
                writer.Copy("foreign ids", $"foreign_ids{Suffix}", flush.ForeignIds, static (row, into) =>
                {
                    into.Write(row.Position);
                    into.Write(row.Filter);
                });
            },
            flush.Ranges, flush.Position, live);
    }

    /// <summary>Most series' states were written anew: without this the next flush would make the table larger by as much.</summary>
    protected override void Maintain(bool live)
    {
        Database.Execute($"vacuum (skip_locked) state{Suffix}");
        base.Maintain(live);
    }

    /// <summary>Versions that came up together are asked for together: a page is read in the time of one.</summary>
    public Metadata? Metadata(int id)
    {
        var page = _page;
        if (!page.ContainsKey(id))
        {
            _page = page = Query(
                $"select id, json from metadata{Suffix} where id between $1 and $2", r => (r.GetInt32(0), r.GetFieldValue<byte[]>(1)), id, id + PageSize - 1)
                .ToDictionary(r => r.Item1, r => Domain.Metering.Metadata.FromCanonical(r.Item2));
        }
        return page.GetValueOrDefault(id);
    }

    string ISampleTables.Suffix => Suffix;

    IEnumerable<T> ISampleTables.Query<T>(string sql, Func<DbDataReader, T> read, params object[] parameters) => Query(sql, read, parameters);

    /// <summary>Takes a page apart where its blocks end in several months; the blocks of a series stay in their order.</summary>
    private static IEnumerable<SegmentPage> ByMonth(SegmentPage page)
    {
        if (MonthOf(page.FirstAt) is var month && month != DateOnly.MinValue && month == MonthOf(page.LastAt))
            return [page];
        return SeriesPages.Segments(SeriesPages.Unpack(page.Data), page.Page, page.Kind).SelectMany(ByMonth)
            .GroupBy(part => (part.Round, MonthOf(part.Segment.LastAt)), part => part.Segment).OrderBy(parts => parts.Key)
            .Select(parts => new SegmentPage(page.Page, page.Kind, parts.Min(s => s.FirstAt), parts.Max(s => s.LastAt), SeriesPages.PackSegments(parts.ToArray())));
    }

    /// <summary>Runs of blocks of one month; where late samples lead back to an earlier month a new round begins.</summary>
    private static IEnumerable<(int Round, SegmentRow Segment)> ByMonth(SegmentRow segment)
    {
        var (blocks, first, round) = (segment.Blocks(), 0, 0);
        for (var end = 1; end <= blocks.Count; end++)
        {
            var month = MonthOf(blocks[end - 1].LastAt);
            if (end < blocks.Count && MonthOf(blocks[end].LastAt) == month)
                continue;
            yield return (round, SegmentRow.Of(segment.Series, segment.Kind, segment.First + first, blocks[first..end]));
            first = end;
            if (end < blocks.Count && MonthOf(blocks[end].LastAt) < month)
                round++;
        }
    }

    /// <summary>The first day of the month that an instant is in; <see cref="DateOnly.MinValue"/> where it has no table.</summary>
    private static DateOnly MonthOf(long at)
    {
        if (at < Micros(First) || at >= Micros(End))
            return DateOnly.MinValue;
        var time = UnixMicroseconds.ToDateTimeOffset(at);
        return new(time.Year, time.Month, 1);
    }

    private static long Micros(DateOnly day) => UnixMicroseconds.From(new DateTimeOffset(day, TimeOnly.MinValue, TimeSpan.Zero));

    /// <summary>Makes a month's table before the rows are written. Attaching it holds up neither readers nor another process that stores.</summary>
    private void MakePartition(DateOnly month)
    {
        if (month == DateOnly.MinValue || !_months.Add(month))
            return;
        var table = $"segment{Suffix}_{month:yyyy_MM}";
        Database.Execute($"""
            do $$ begin
                perform pg_advisory_xact_lock({PartitionLock});
                if to_regclass('{table}') is null then
                    create table {table} (like segment{Suffix} including defaults including storage);
                    alter table segment{Suffix} attach partition {table} for values from ({Micros(month)}) to ({Micros(month.AddMonths(1))});
                end if;
            end $$
            """);
    }
}
