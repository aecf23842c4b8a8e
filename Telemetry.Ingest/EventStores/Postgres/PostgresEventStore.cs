using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Telemetry.Domain.Streams;
using Telemetry.Postgres;

namespace Telemetry.Ingest.EventStores.Postgres;

/// <summary>The event log in PostgreSQL, schema <c>event_log</c>: any number of processes, each with one writing connection and group commit.</summary>
/// <remarks>A batch of samples is one row, however many streams it is in; <c>stream_events</c> says which.</remarks>
internal sealed partial class PostgresEventStore : IEventStore, IDisposable
{
    public const string Schema = "event_log";

    private readonly PostgresEventStoreOptions _options;
    private readonly ILogger _logger;
    private readonly string _writerConnectionString;
    private readonly NpgsqlDataSource _readers;
    private readonly PostgresCatalog _catalog;
    private readonly PostgresLogWriter _writer;
    private readonly StreamNames _names = new();
    private readonly LiveFeed _feed;
    private readonly LogFollower _follower;
    private readonly AppendQueue _queue;
    private readonly ManualResetEventSlim _closing = new();
    private NpgsqlConnection? _writing; // of the queue's thread
    private volatile bool _disposed;

    /// <param name="connectionString">As Npgsql takes it. The role may use the schema, or make it where there is none.</param>
    /// <exception cref="IOException">The database does not answer, or refuses.</exception>
    /// <exception cref="InvalidOperationException">Its tables are those of a newer program.</exception>
    public PostgresEventStore(string connectionString, TimeProvider clock, PostgresEventStoreOptions? options = null, ILogger<PostgresEventStore>? logger = null)
    {
        _options = options ?? new();
        _outage = new("The database of the event log does not answer.", _options.TimeoutSeconds);
        _logger = logger ?? NullLogger<PostgresEventStore>.Instance;
        var readers = Builder(connectionString, "telemetry event log");
        var writer = Builder(connectionString, "telemetry event log writer");
        (writer.Pooling, writer.MaxAutoPrepare) = (false, 30);
        (_readers, _writerConnectionString) = (NpgsqlDataSource.Create(readers), writer.ToString());
        _catalog = new PostgresCatalog(_options.MetadataCacheBytes);
        _feed = new LiveFeed(_options.SubscriberQueueLength, _logger);
        _writer = new PostgresLogWriter(_catalog, clock);
        long head;
        try
        {
            // A start may take its time: a migration longer than an append.
            using var opening = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(readers.ToString()) { Timeout = 30, CommandTimeout = 0 });
            foreach (var name in Migrations().Apply(opening))
                Log.Migrated(_logger, name);
            using var connection = opening.OpenConnection();
            head = Scalar<long>(connection, HeadSql);
            if (Scalar<string>(connection, "show fsync") == "off")
                Log.NotDurable(_logger);
            Log.Opened(_logger, connection.PostgreSqlVersion.ToString(), connection.Database, connection.Host, head);
        }
        catch (NpgsqlException e)
        {
            _readers.Dispose();
            throw new IOException($"The event log in PostgreSQL at {readers.Host}, database '{readers.Database}', cannot be opened: {e.Message}", e);
        }
        _follower = new LogFollower(_feed, head, OpenListenerAsync, ct => HeadAsync(ct), (after, to, ct) => AllAsync(after, to, ct), _logger);
        _queue = new AppendQueue(_options, WriteGroup);
    }

    /// <summary>What makes the tables of the log.</summary>
    public static Migrations Migrations() => new(Schema, typeof(PostgresEventStore).Assembly);

    /// <summary>Writes what was accepted, then closes the connections.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _closing.Set();
        _queue.Dispose();
        _follower.Dispose();
        _feed.Close();
        CloseWriter();
        _readers.Dispose();
        _closing.Dispose();
    }

    private NpgsqlConnectionStringBuilder Builder(string connectionString, string name)
    {
        var builder = PrimaryConnection.Settings(connectionString);
        (builder.ApplicationName, builder.Timeout, builder.CommandTimeout) = (name, _options.TimeoutSeconds, _options.TimeoutSeconds);
        builder.CancellationTimeout = -1; // who does not answer does not cancel either
        return builder;
    }

    /// <summary>A connection to write over, with the limits of one that holds the log's lock.</summary>
    internal NpgsqlConnection OpenWriter()
    {
        var connection = new NpgsqlConnection(_writerConnectionString);
        try
        {
            // The synchronous way waits without a limit for a server that takes the connection and then says nothing.
            connection.OpenAsync().GetAwaiter().GetResult();
            // A process that stands still with the log in its hands loses it to the others before they give up waiting.
            using var settings = new NpgsqlCommand(
                $"""
                set idle_in_transaction_session_timeout = {_options.TimeoutSeconds * 500}; set lock_timeout = {_options.TimeoutSeconds * 800};
                select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'
                """, connection);
            settings.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void CloseWriter()
    {
        _writing?.Dispose();
        _writing = null;
    }

    private async ValueTask<NpgsqlConnection> OpenListenerAsync(CancellationToken ct)
    {
        var settings = new NpgsqlConnectionStringBuilder(_writerConnectionString) { ApplicationName = "telemetry event log listener", KeepAlive = _options.TimeoutSeconds };
        var connection = new NpgsqlConnection(settings.ToString());
        try
        {
            await connection.OpenAsync(ct).ConfigureAwait(false);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static T Scalar<T>(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }
}
