using Npgsql;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>What the tables of every projection have in common.</summary>
/// <remarks>
/// A checkpoint is written where the row says what this object knows, and the row is locked for the whole transaction: of two processes that
/// store the same projection one wins, and the other has written nothing.
/// </remarks>
/// <param name="tables">Their names without the suffix.</param>
/// <param name="step">Called with a name before each step of a write: tests stop there.</param>
internal abstract class PostgresTables(PostgresReadModels database, Generation generation, string[] tables, Action<string>? step = null) : IProjectionTables
{
    /// <summary>Less than a lease lasts: who takes it over finds nothing locked.</summary>
    private static readonly TimeSpan IdleLimit = PostgresLeases.Duration - TimeSpan.FromSeconds(1);

    /// <summary>How long another process may take to notice that a generation was replaced, and to end its queries.</summary>
    private const string ReadersEnd = "interval '5 minutes'";

    private NpgsqlConnection? _snapshot;
    private (int Generation, long Position) _stored = (generation.Number, 0);

    public Generation Generation => generation;

    /// <summary>What the names of tables end in.</summary>
    protected string Suffix { get; } = $"_{generation.Projection}_{generation.Number}";

    protected PostgresReadModels Database => database;

    /// <summary>Makes the tables.</summary>
    protected abstract string CreateSql { get; }

    /// <summary>Spreads the tables over a cluster's nodes: by series, what is small as a copy on each.</summary>
    protected abstract string DistributeSql { get; }

    public long Position()
    {
        var row = Query("select generation, position from projection where name = $1", r => (r.GetInt32(0), r.GetInt64(1)), generation.Projection)
            .Where(r => r.Item1 == generation.Number).ToList();
        _stored = (generation.Number, row is [var (_, position)] ? position : 0);
        return _stored.Position;
    }

    public void Create()
    {
        Drop();
        database.Execute(CreateSql + (database.IsDistributed ? DistributeSql : ""));
    }

    public void Drop() => Drop([generation.Number]);

    /// <summary>Only those that no live process can be building or reading.</summary>
    public void DropOthers()
    {
        var old = database.Query(
            $"""
            delete from replaced where projection = $1 and at < clock_timestamp() - {ReadersEnd}
                and generation <> (select generation from projection where name = $1) returning generation
            """,
            r => r.GetInt32(0), generation.Projection).ToList();
        Drop(old);
    }

    public bool TryPublish(int replaces)
    {
        using var connection = database.Connect();
        return PostgresReadModels.Query(
            connection,
            """
            insert into projection values ($1, $2, $3, 0)
            on conflict (name) do update set version = excluded.version, generation = excluded.generation, position = 0 where projection.generation = $4
            returning 1
            """,
            r => r.GetInt32(0), generation.Projection, generation.Version, generation.Number, replaces).Any();
    }

    public void TakePlaceOf(IProjectionTables live) => _stored = ((PostgresTables)live)._stored;

    public void DropReplaced() =>
        database.Execute("insert into replaced (projection, generation) values ($1, $2) on conflict do nothing", generation.Projection, generation.Number);

    public IDisposable BeginSnapshot()
    {
        _snapshot = database.Connect();
        _snapshot.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
        return new Snapshot(this);
    }

    protected IEnumerable<T> Query<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] parameters) =>
        _snapshot is { } snapshot ? PostgresReadModels.Query(snapshot, sql, read, parameters) : database.Query(sql, read, parameters);

    protected void Write(Action<Writer> rows, long position, bool live)
    {
        var known = _stored;
        using (var connection = database.Connect())
        using (var transaction = connection.BeginTransaction())
        {
            PostgresReadModels.Execute(connection, PostgresReadModels.EndIfIdle(IdleLimit));
            if (live)
                Lock(connection, known);
            rows(new(connection, step));
            step?.Invoke("checkpoint");
            if (live)
                Save(connection, position);
            step?.Invoke("commit");
            transaction.Commit();
            if (live)
                _stored = (generation.Number, position);
            step?.Invoke("committed");
        }
        try
        {
            Maintain(live);
        }
        catch (NpgsqlException)
        {
            // What was written is written; the next flush does this again.
        }
    }

    /// <summary>What is to be done after a write.</summary>
    protected virtual void Maintain(bool live)
    {
        if (live)
            DropOthers();
    }

    private void Lock(NpgsqlConnection connection, (int, long) known)
    {
        var found = PostgresReadModels.Query(
            connection, "select generation, position from projection where name = $1 for update", r => (r.GetInt32(0), r.GetInt64(1)), generation.Projection)
            .SingleOrDefault();
        if (found != known)
        {
            throw new ReadModelTakenException(
                $"generation {found.Item1} was stored up to position {found.Item2} by another process, here generation {known.Item1} up to {known.Item2} was known.");
        }
    }

    private void Save(NpgsqlConnection connection, long position)
    {
        PostgresReadModels.Execute(
            connection, "update projection set version = $2, generation = $3, position = $4 where name = $1",
            generation.Projection, generation.Version, generation.Number, position);
        database.Fence(connection, generation.Projection);
    }

    private void Drop(List<int> numbers)
    {
        if (numbers.Count > 0)
            database.Execute(string.Concat(numbers.SelectMany(n => tables.Select(table => $"drop table if exists {table}_{generation.Projection}_{n};"))));
    }

    /// <summary>Adds rows within a transaction.</summary>
    protected sealed class Writer(NpgsqlConnection connection, Action<string>? step)
    {
        /// <summary>Adds rows that are new.</summary>
        /// <param name="name">The step's name.</param>
        public void Copy<T>(string name, string table, IReadOnlyCollection<T> rows, Action<T, NpgsqlBinaryImporter> write)
        {
            step?.Invoke(name);
            if (rows.Count == 0)
                return;
            using var import = connection.BeginBinaryImport($"copy {table} from stdin (format binary)");
            foreach (var row in rows)
            {
                import.StartRow();
                write(row, import);
            }
            import.Complete();
        }

        /// <summary>Runs a statement for pages of rows, which it is given as one array a column.</summary>
        public void Merge<T>(string name, string sql, IReadOnlyCollection<T> rows, Func<T[], object[]> columns)
        {
            step?.Invoke(name);
            foreach (var page in rows.Chunk(1_000))
            {
                PostgresReadModels.Execute(connection, sql, columns(page));
            }
        }
    }

    private sealed class Snapshot(PostgresTables tables) : IDisposable
    {
        public void Dispose()
        {
            tables._snapshot?.Dispose(); // ends its transaction
            tables._snapshot = null;
        }
    }
}
