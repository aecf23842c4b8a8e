using Microsoft.Data.Sqlite;
using Telemetry.Sqlite;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>The file of the log: its tables, and connections to it.</summary>
internal sealed class EventLogFile(string path)
{
    /// <summary>Raised when the tables change; a file of a higher version is refused.</summary>
    public const int SchemaVersion = 1;

    /// <summary>A batch is four or five thousand bytes: small pages leave less of the last one empty.</summary>
    public const int PageBytes = 2_048;

    private const string Schema = """
        -- version: as of the event that indexed names; later ones are in events.streams alone
        create table streams (id integer primary key, name text not null unique, version integer not null);

        -- streams: varints; how many events of the same append follow this one, then for each of its streams id and version
        create table events (
            position integer primary key, id blob not null unique, recorded_at integer not null, type text not null,
            content_type text not null, metadata blob, streams blob not null, data blob not null);

        create table stream_events (
            stream integer not null, version integer not null, position integer not null, part integer not null,
            primary key (stream, version)) without rowid;

        -- one row: the position up to which stream_events is complete
        create table indexed (position integer not null);
        insert into indexed values (0);

        -- the catalogue that the log form of a batch refers to
        create table texts (id integer primary key, text text not null unique);
        create table series (
            id integer primary key, meter integer not null, type integer not null, unit integer, resource integer not null,
            project integer, user integer, source integer not null);
        create table metadata (id integer primary key, hash integer not null, json blob not null);
        create index metadata_hash on metadata (hash);
        """;

    public string Path { get; } = path;

    /// <summary>Makes the tables where there are none.</summary>
    /// <exception cref="InvalidOperationException">The file was written by a newer program.</exception>
    public void Prepare(SqliteConnection writer)
    {
        var version = Scalar(writer, "pragma user_version");
        if (version > SchemaVersion)
        {
            throw new InvalidOperationException(
                $"The event log '{Path}' has schema version {version}, this program knows up to {SchemaVersion}. Use the program that wrote it, or a newer one.");
        }
        if (version == 0)
            Execute(writer, $"begin immediate; {Schema} pragma user_version = {SchemaVersion}; commit;");
    }

    public SqliteConnection OpenWriter(long maxBytes)
    {
        var connection = Open();
        Execute(connection, $"pragma page_size = {PageBytes}; pragma journal_mode = wal; pragma synchronous = full;");
        Execute(connection, "pragma wal_autocheckpoint = 0; pragma journal_size_limit = 67108864; pragma cache_size = -65536;");
        if (maxBytes > 0)
            Execute(connection, $"pragma max_page_count = {Math.Max(1, maxBytes / Scalar(connection, "pragma page_size"))};");
        return connection;
    }

    public SqliteConnection OpenReader()
    {
        var connection = Open();
        Execute(connection, "pragma query_only = 1; pragma cache_size = -8192;");
        return connection;
    }

    public SqliteConnection OpenCheckpointer()
    {
        var connection = Open();
        Execute(connection, "pragma synchronous = full;");
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar());
    }

    private SqliteConnection Open()
    {
        _ = SqliteLibrary.Version; // chooses the library, which has to come first
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path, Pooling = false }.ToString());
        connection.Open();
        Execute(connection, "pragma busy_timeout = 5000;");
        return connection;
    }
}
