using System.Data.Common;
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

    public Metadata? Metadata(int id) => Query(
        $"select json from metadata{Suffix} where id = $1", r => Domain.Metering.Metadata.FromCanonical(r.GetFieldValue<byte[]>(0)), id).SingleOrDefault();

    string ISampleTables.Suffix => Suffix;

    IEnumerable<T> ISampleTables.Query<T>(string sql, Func<DbDataReader, T> read, params object[] parameters) => Query(sql, read, parameters);
}
