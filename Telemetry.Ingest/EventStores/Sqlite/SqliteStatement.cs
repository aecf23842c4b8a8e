using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>A prepared statement. Parameters and columns are numbered from 1 and 0, as SQLite does.</summary>
/// <remarks>A batch over fifty streams is a hundred statements: SqliteCommand's parameters and readers cost more than SQLite itself there,
/// and blobs would be copied before they are decoded.</remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;

    public SqliteStatement(SqliteConnection connection, string sql)
    {
        _database = connection.Handle!;
        SqliteException.ThrowExceptionForRC(raw.sqlite3_prepare_v2(_database, sql, out _statement), _database);
    }

    public SqliteStatement Bind(int parameter, long value) => Checked(raw.sqlite3_bind_int64(_statement, parameter, value));

    public SqliteStatement Bind(int parameter, string value) => Checked(raw.sqlite3_bind_text(_statement, parameter, value));

    public SqliteStatement BindNull(int parameter) => Checked(raw.sqlite3_bind_null(_statement, parameter));

    public SqliteStatement Bind(int parameter, ReadOnlySpan<byte> value) => Checked(value.IsEmpty
        ? raw.sqlite3_bind_zeroblob(_statement, parameter, 0)
        : raw.sqlite3_bind_blob(_statement, parameter, value));

    /// <summary>Steps to the next row; false, and ready to be bound again, where there is none.</summary>
    public bool Read()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
            return true;
        var reset = raw.sqlite3_reset(_statement);
        if (code != raw.SQLITE_DONE)
            SqliteException.ThrowExceptionForRC(reset, _database);
        return false;
    }

    /// <summary>Runs a statement that gives no rows.</summary>
    public void Run()
    {
        while (Read())
        {
        }
    }

    /// <summary>Ends reading before the last row.</summary>
    public void Reset() => raw.sqlite3_reset(_statement);

    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    public string Text(int column) => raw.sqlite3_column_text(_statement, column).utf8_to_string();

    /// <summary>Valid until the next step.</summary>
    public ReadOnlySpan<byte> Blob(int column) => raw.sqlite3_column_blob(_statement, column);

    public void Dispose() => _statement.Dispose();

    private SqliteStatement Checked(int code)
    {
        SqliteException.ThrowExceptionForRC(code, _database);
        return this;
    }
}
