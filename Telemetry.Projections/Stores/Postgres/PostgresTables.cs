using Npgsql;
using Telemetry.Domain.Leases;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>What the tables of every projection have in common.</summary>
/// <remarks>
/// A range's position is written where its row says what this object knows, and the row is locked for the whole transaction: of two processes
/// that store the same range one wins, and the other has written nothing. So is the projection's row, which says what generation is live.
/// </remarks>
/// <param name="tables">Their names without the suffix.</param>
/// <param name="step">Called with a name before each step of a write: tests stop there.</param>
/// <param name="ranges">Into how many ranges the rows are divided. Another number takes another version of the projection.</param>
internal abstract class PostgresTables(PostgresReadModels database, Generation generation, string[] tables, Action<string>? step = null, int ranges = 1)
    : IProjectionTables
{
    /// <summary>Less than a lease lasts: who takes it over finds nothing locked.</summary>
    private static readonly TimeSpan IdleLimit = PostgresLeases.Duration - TimeSpan.FromSeconds(1);

    /// <summary>How long another process may take to notice that a generation was replaced, and to end its queries.</summary>
    private const string ReadersEnd = "interval '5 minutes'";

    private NpgsqlConnection? _snapshot;
    private readonly IReadOnlyList<string> _shares = HashRanges.Shares(generation.Projection, ranges);
    private long[] _stored = new long[ranges]; // as far as this object knows
    private int? _replaces;

    public Generation Generation => generation;

    public int Ranges => ranges;

    /// <summary>What the names of tables end in.</summary>
    protected string Suffix { get; } = $"_{generation.Projection}_{generation.Number}";

    protected PostgresReadModels Database => database;

    /// <summary>Makes the tables.</summary>
    protected abstract string CreateSql { get; }

    /// <summary>Spreads the tables over a cluster's nodes: by series, what is small as a copy on each.</summary>
    protected abstract string DistributeSql { get; }

    public long[]? Positions()
    {
        var positions = Query(
            "select position from projection join projection_range on projection = name where name = $1 and generation = $2 order by range",
            r => r.GetInt64(0), generation.Projection, generation.Number).ToArray();
        if (positions.Length == 0)
            return null;
        _stored = positions.Length == ranges ? positions
            : throw new InvalidDataException($"The projection '{generation.Projection}' is stored in {positions.Length} ranges, not {ranges}.");
        return [.. _stored];
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
        using var transaction = connection.BeginTransaction();
        if (!PostgresReadModels.Query(
            connection,
            """
            insert into projection values ($1, $2, $3)
            on conflict (name) do update set version = excluded.version, generation = excluded.generation where projection.generation = $4
            returning 1
            """,
            r => r.GetInt32(0), generation.Projection, generation.Version, generation.Number, replaces).Any())
            return false;
        SaveAll(connection, 0);
        transaction.Commit();
        return true;
    }

    public void TakePlaceOf(IProjectionTables live) => _replaces = live.Generation.Number;

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

    protected void Write(Action<Writer> rows, long position, bool live) => Write(rows, [0], position, live);

    /// <summary>
    /// Stores rows that are common to all ranges and the same in every process, before those of its own. Their transaction is a short one: another process that stores
    /// the same waits for it, and not for all that follows.
    /// </summary>
    /// <param name="of">The ranges for whose rows they are needed.</param>
    protected void WriteCommon(Action<Writer> rows, IReadOnlyList<int> of, bool live)
    {
        using var connection = database.Connect();
        using var transaction = connection.BeginTransaction();
        PostgresReadModels.Execute(connection, PostgresReadModels.EndIfIdle(IdleLimit));
        rows(new(connection, step));
        if (live && _replaces is null)
            Fence(connection, of);
        transaction.Commit();
    }

    /// <param name="of">The ranges that the rows are of, all of them where this generation takes the place of another.</param>
    protected void Write(Action<Writer> rows, IReadOnlyList<int> of, long position, bool live)
    {
        using (var connection = database.Connect())
        using (var transaction = connection.BeginTransaction())
        {
            PostgresReadModels.Execute(connection, PostgresReadModels.EndIfIdle(IdleLimit));
            if (live && _replaces is null)
                Lock(connection, of);
            rows(new(connection, step));
            step?.Invoke("checkpoint");
            if (live)
                Save(connection, of, position);
            step?.Invoke("commit");
            transaction.Commit();
            if (live)
            {
                _replaces = null;
                foreach (var range in of)
                    _stored[range] = position;
            }
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

    /// <remarks>First the projection's row, as who replaces a generation does: nobody waits in a circle.</remarks>
    private void Lock(NpgsqlConnection connection, IReadOnlyList<int> of)
    {
        var live = PostgresReadModels.Query(
            connection, "select generation from projection where name = $1 for share", r => r.GetInt32(0), generation.Projection).SingleOrDefault();
        if (live != generation.Number)
            throw new ReadModelTakenException($"generation {live} took the place of {generation.Number}.");
        foreach (var (range, position) in PostgresReadModels.Query(
            connection, "select range, position from projection_range where projection = $1 and range = any($2) order by range for update",
            r => (r.GetInt32(0), r.GetInt64(1)), generation.Projection, of.ToArray()))
        {
            if (position != _stored[range])
                throw new ReadModelTakenException($"'{_shares[range]}' was stored up to position {position} by another process, {_stored[range]} was known here.");
        }
    }

    private void Save(NpgsqlConnection connection, IReadOnlyList<int> of, long position)
    {
        if (_replaces is { } replaced)
        {
            var live = PostgresReadModels.Query(
                connection, "update projection set version = $3, generation = $4 where name = $1 and generation = $2 returning 1",
                r => r.GetInt32(0), generation.Projection, replaced, generation.Version, generation.Number);
            if (!live.Any())
                throw new ReadModelTakenException($"another generation than {replaced} is live by now.");
            SaveAll(connection, position);
            return;
        }
        PostgresReadModels.Execute(
            connection, "update projection_range set position = $3 where projection = $1 and range = any($2)", generation.Projection, of.ToArray(), position);
        Fence(connection, of);
    }

    private void Fence(NpgsqlConnection connection, IReadOnlyList<int> of) => database.Fence(connection, [.. of.Select(range => _shares[range])]);

    private void SaveAll(NpgsqlConnection connection, long position) => PostgresReadModels.Execute(
        connection,
        """
        insert into projection_range select $1, range, $3 from generate_series(0, $2 - 1) range
        on conflict (projection, range) do update set position = excluded.position
        """,
        generation.Projection, ranges, position);

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
