using Npgsql;
using Telemetry.Postgres;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>Read models in schema <c>read_models</c> of a PostgreSQL database, in the tables that the file has.</summary>
/// <remarks>
/// Chunks and rollups are partitioned by month and keyed by series; where the extension Citus is there, tables are distributed by series when
/// they are made.
/// </remarks>
internal sealed class PostgresReadModels : IReadModelStore
{
    public const string Schema = "read_models";

    private readonly NpgsqlDataSource _database;
    private readonly string _location;
    private readonly PostgresLeases? _leases;

    /// <param name="leases">Who may store; without it only the order of checkpoints decides.</param>
    /// <exception cref="IOException">The database does not answer, or refuses.</exception>
    public PostgresReadModels(string connectionString, PostgresLeases? leases = null)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        (_database, _location, _leases) = (Open(connectionString), $"{settings.Host}/{settings.Database}", leases);
    }

    public string Location => _location;

    public bool IsShared => true;

    /// <summary>Whether tables are spread over the nodes of a cluster.</summary>
    public bool IsDistributed => field = field || Query("select exists (select from pg_proc where proname = 'create_distributed_table')", r => r.GetBoolean(0)).Single();

    /// <summary>Connections whose search path is the schema, which has its tables.</summary>
    /// <exception cref="IOException">The database does not answer, or refuses.</exception>
    public static NpgsqlDataSource Open(string connectionString)
    {
        var settings = PrimaryConnection.Settings(connectionString);
        (settings.SearchPath, settings.MaxAutoPrepare) = (Schema, 50);
        var database = NpgsqlDataSource.Create(settings);
        try
        {
            Migrations().Apply(database);
            return database;
        }
        catch (NpgsqlException e)
        {
            database.Dispose();
            throw new IOException($"The read models in PostgreSQL at {settings.Host}, database '{settings.Database}', cannot be opened: {e.Message}", e);
        }
    }

    public static Migrations Migrations() => new(Schema, typeof(PostgresReadModels).Assembly);

    public ProjectionRow? Find(string projection) => Query(
        "select version, generation from projection where name = $1", r => (ProjectionRow?)new ProjectionRow(r.GetInt32(0), r.GetInt32(1)), projection).SingleOrDefault();

    public int NextGeneration() => Query("select nextval('generation')::int", r => r.GetInt32(0)).Single();

    public bool IsDamage(Exception exception) =>
        exception is InvalidDataException or PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn };

    public void Recreate()
    {
        var tables = Query(
            "select tablename::text from pg_tables where schemaname = $1 and tablename ~ '_[0-9]+$' and tablename not in (select inhrelid::regclass::text from pg_inherits)",
            r => r.GetString(0), Schema).ToList();
        Execute(string.Concat(tables.Select(t => $"drop table if exists {t};")) + "delete from replaced; delete from projection_range; delete from projection;");
    }

    public ISampleTables SampleTables(Generation generation, Action<string>? step = null) => new PostgresSampleTables(this, generation, step);

    public IAuditTables AuditTables(Generation generation) => new PostgresAuditTables(this, generation);

    public IEventTables EventTables(Generation generation, Action<string>? step = null) => new PostgresEventTables(this, generation, step);

    public void Dispose() => _database.Dispose();

    /// <remarks>The synchronous way waits without a limit for a server that takes the connection and then says nothing.</remarks>
    public NpgsqlConnection Connect() => _database.OpenConnectionAsync().AsTask().GetAwaiter().GetResult();

    public void Execute(string sql, params object[] parameters)
    {
        using var connection = Connect();
        Execute(connection, sql, parameters);
    }

    public static void Execute(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// For a transaction that takes locks others wait for: the database ends it where its process stands still, or is cut off, so that it says nothing for that long.
    /// </summary>
    public static string EndIfIdle(TimeSpan limit) => $"""
        set local idle_in_transaction_session_timeout = {(int)limit.TotalMilliseconds};
        set local tcp_keepalives_idle = 2; set local tcp_keepalives_interval = 1; set local tcp_keepalives_count = 2
        """; // the latter for who is cut off in the middle of a COPY, which does not count as idle

    /// <summary>Reads rows; the connection is held until the last one was taken.</summary>
    public IEnumerable<T> Query<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        using var connection = Connect();
        foreach (var row in Query(connection, sql, read, parameters))
            yield return row;
    }

    public static IEnumerable<T> Query<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        using var command = Command(connection, sql, parameters);
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return read(reader);
    }

    public static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new() { Value = parameter });
        return command;
    }

    /// <summary>Ends a transaction that stores shares of work, unless this process may not.</summary>
    /// <exception cref="ReadModelTakenException">A lease has expired, or another process has it.</exception>
    public void Fence(NpgsqlConnection connection, IReadOnlyList<string> shares) => _leases?.Fence(connection, shares);
}
