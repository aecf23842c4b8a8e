using Microsoft.Data.Sqlite;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>What the tables of every projection have in common.</summary>
/// <param name="tables">Their names without the suffix.</param>
/// <param name="step">Called with a name before each step of a write: tests stop there.</param>
internal abstract class SqliteTables(ReadModelDatabase database, Generation generation, string[] tables, Action<string>? step = null) : IProjectionTables
{
    public Generation Generation => generation;

    /// <summary>What the names of tables end in.</summary>
    protected string Suffix { get; } = $"_{generation.Projection}_{generation.Number}";

    /// <summary>Makes the tables.</summary>
    protected abstract string CreateSql { get; }

    /// <summary>One process stores, so that there is nothing to divide.</summary>
    public int Ranges => 1;

    public long[]? Positions() => Query("select position from projection where name = $1 and generation = $2", r => r.GetInt64(0), generation.Projection, generation.Number)
        .ToArray() is [_] found ? found : null;

    public void Create()
    {
        Drop();
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute($"begin immediate; {CreateSql} commit;");
        }
    }

    public void Drop() => Drop(generation.Number);

    public void DropOthers()
    {
        var prefix = $"{tables[0]}_{generation.Projection}_";
        foreach (var name in Query("select name from sqlite_schema where type = 'table'", r => r.GetString(0)).ToList())
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal) && int.TryParse(name.AsSpan(prefix.Length), out var other) && other != generation.Number)
                Drop(other);
        }
    }

    public bool TryPublish(int replaces)
    {
        Write(_ => { }, 0, live: true, step: null);
        return true;
    }

    /// <summary>There is one process and one row: writing it is all that is needed.</summary>
    public void TakePlaceOf(IProjectionTables live)
    {
    }

    public void DropReplaced() => Drop();

    /// <summary>Nobody writes while a projection is loaded.</summary>
    public IDisposable BeginSnapshot() => new NoSnapshot();

    protected void Write(Action<Writer> rows, long position, bool live) => Write(rows, position, live, step);

    private void Write(Action<Writer> rows, long position, bool live, Action<string>? step)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            using var transaction = lease.Connection.BeginTransaction();
            var writer = new Writer(lease.Connection, transaction, step);
            rows(writer);
            step?.Invoke("checkpoint");
            if (live)
            {
                writer.Insert(
                    """
                    insert into projection (name, version, generation, position) values ($0, $1, $2, $3)
                    on conflict (name) do update set version = excluded.version, generation = excluded.generation, position = excluded.position
                    """,
                    4, [position], (at, set) => (set[0].Value, set[1].Value, set[2].Value, set[3].Value) = (generation.Projection, generation.Version, generation.Number, at));
            }
            step?.Invoke("commit");
            transaction.Commit();
            step?.Invoke("committed");
        }
    }

    /// <summary>Reads rows; the connection is held until the last one was taken.</summary>
    /// <param name="parameters">$1 and so on, as in PostgreSQL.</param>
    protected IEnumerable<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params object[] parameters)
    {
        using var lease = database.Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = sql;
        for (var i = 0; i < parameters.Length; i++)
            command.Parameters.AddWithValue($"${i + 1}", parameters[i]);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return read(reader);
    }

    private void Drop(int number)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute(string.Concat(tables.Select(table => $"drop table if exists {table}_{generation.Projection}_{number};")));
        }
    }

    /// <summary>Adds rows within a transaction.</summary>
    protected sealed class Writer(SqliteConnection connection, SqliteTransaction transaction, Action<string>? step)
    {
        public SqliteConnection Connection => connection;

        public SqliteTransaction Transaction => transaction;

        /// <param name="name">The step's name.</param>
        public void Insert<T>(string name, string sql, int parameters, IEnumerable<T> rows, Action<T, SqliteParameter[]> set)
        {
            step?.Invoke(name);
            Insert(sql, parameters, rows, set);
        }

        public void Insert<T>(string sql, int parameters, IEnumerable<T> rows, Action<T, SqliteParameter[]> set)
        {
            using var command = connection.CreateCommand();
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

    private sealed class NoSnapshot : IDisposable
    {
        public void Dispose()
        {
        }
    }
}
