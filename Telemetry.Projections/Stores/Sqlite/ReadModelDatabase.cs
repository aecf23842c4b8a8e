using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using Telemetry.Sqlite;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>The file that read models are kept in. It can be deleted at any time while nothing has it open: the log rebuilds it.</summary>
/// <remarks>
/// WAL with <c>synchronous=NORMAL</c>: power loss may take the last flushes, never half of one. Every projection has a row with its
/// version, generation and position, and tables whose names end in its generation.
/// </remarks>
internal sealed class ReadModelDatabase : IReadModelStore
{
    /// <summary>Raised when tables change their shape: a file of another version is rebuilt.</summary>
    private const int SchemaVersion = 2;

    private readonly ConcurrentBag<SqliteConnection> _idle = [];
    private readonly ILogger _log;
    private readonly string _path;
    private int _lastGeneration;
    private bool _disposed;

    /// <param name="path">The file; its directory is made where there is none.</param>
    public ReadModelDatabase(string path, ILogger log)
    {
        _ = SqliteLibrary.Version;
        (_path, _log) = (path, log);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        try
        {
            if (TryOpen())
                return;
            Log.ReadModelOutdated(_log, path);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is SQLitePCL.raw.SQLITE_CORRUPT or SQLitePCL.raw.SQLITE_NOTADB)
        {
            Log.ReadModelDamaged(_log, path, e);
        }
        Recreate();
    }

    public string Location => _path;

    public bool IsShared => false;

    public ProjectionRow? Find(string projection)
    {
        using var lease = Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = "select version, generation from projection where name = $name";
        command.Parameters.AddWithValue("$name", projection);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new(reader.GetInt32(0), reader.GetInt32(1)) : null;
    }

    public int NextGeneration() => Interlocked.Increment(ref _lastGeneration);

    public bool IsDamage(Exception exception) =>
        exception is InvalidDataException or SqliteException { SqliteErrorCode: not SQLitePCL.raw.SQLITE_FULL };

    public ISampleTables SampleTables(Generation generation, Action<string>? step = null) => new SampleTables(this, generation, step);

    public IAuditTables AuditTables(Generation generation) => new AuditTables(this, generation);

    public IEventTables EventTables(Generation generation, Action<string>? step = null) => new EventTables(this, generation, step);

    /// <summary>One writer at a time: whoever writes holds it.</summary>
    public Lock Writing { get; } = new();

    /// <summary>A connection for one statement or transaction; disposing it gives it back.</summary>
    public Lease Connect()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return new(this, _idle.TryTake(out var idle) ? idle : Open());
    }

    /// <summary>Throws the file away and begins an empty one.</summary>
    public void Recreate()
    {
        CloseIdle();
        foreach (var suffix in new[] { "", "-wal", "-shm" })
            File.Delete(_path + suffix);
        if (!TryOpen())
            throw new InvalidOperationException($"The read-model file '{_path}' cannot be created.");
    }

    public void Dispose()
    {
        _disposed = true;
        CloseIdle();
    }

    private void CloseIdle()
    {
        while (_idle.TryTake(out var connection))
            connection.Dispose();
    }

    /// <summary>Makes the tables of a new file; false for a file of another version.</summary>
    private bool TryOpen()
    {
        using var lease = Connect();
        var version = (long)lease.Scalar("pragma user_version")!;
        if (version == SchemaVersion)
        {
            _lastGeneration = (int)(long)lease.Scalar("select coalesce(max(generation), 0) from projection")!;
            return true;
        }
        if (version != 0 || (long)lease.Scalar("select count(*) from sqlite_schema")! != 0)
        {
            lease.Discard();
            return false;
        }
        lease.Execute($"""
            begin;
            create table projection (
                name text primary key, version integer not null, generation integer not null, position integer not null) without rowid;
            pragma user_version = {SchemaVersion};
            commit;
            """);
        return true;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = _path,
            Pooling = false,
            DefaultTimeout = 30,
        }.ToString());
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            // Debian's SQLite overwrites what is deleted, unless told otherwise: dropping a generation would take as long as writing it.
            command.CommandText = """
                pragma page_size = 4096; pragma journal_mode = wal; pragma synchronous = normal; pragma cache_size = -4000;
                pragma journal_size_limit = 16777216; pragma wal_autocheckpoint = 4000; pragma secure_delete = off;
                """;
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>A connection in use.</summary>
    public sealed class Lease(ReadModelDatabase database, SqliteConnection connection) : IDisposable
    {
        private bool _discarded;

        public SqliteConnection Connection => connection;

        /// <summary>Does not give the connection back: its file goes away.</summary>
        public void Discard()
        {
            _discarded = true;
            connection.Dispose();
        }

        public void Execute(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        public object? Scalar(string sql)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            return command.ExecuteScalar();
        }

        public void Dispose()
        {
            if (_discarded)
                return;
            if (database._disposed)
                connection.Dispose();
            else
                database._idle.Add(connection);
        }
    }
}
