using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Streams;
using Telemetry.Sqlite;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>The event log in one SQLite file, <c>events.db</c>: one writer with group commit, any number of readers beside it.</summary>
/// <remarks>A batch of samples is one record, however many streams it is in; <c>stream_events</c> says which.</remarks>
internal sealed partial class SqliteEventStore : IEventStore, IDisposable
{
    public const string FileName = "events.db";

    private readonly EventLogFile _file;
    private readonly CatalogTables _catalog;
    private readonly StreamNames _names = new();
    private readonly StreamIndex _index = new();
    private readonly EventLogWriter _writer;
    private readonly Checkpointer _checkpointer;
    private readonly LiveFeed _feed;
    private readonly AppendQueue _queue;
    private readonly ILogger _logger;
    private readonly ConcurrentBag<EventLogReader> _readers = [];
    private long _head;
    private volatile bool _disposed;

    /// <param name="directory">Exists, and is used by no other process: see <see cref="DataDirectory"/>.</param>
    /// <exception cref="InvalidOperationException">The file was written by a newer program.</exception>
    public SqliteEventStore(string directory, TimeProvider clock, SqliteEventStoreOptions? options = null, ILogger<SqliteEventStore>? logger = null)
    {
        options ??= new();
        _logger = logger ?? NullLogger<SqliteEventStore>.Instance;
        _file = new EventLogFile(Path.Combine(directory, FileName));
        _catalog = new CatalogTables(options.MetadataCacheBytes);
        _feed = new LiveFeed(options.SubscriberQueueLength, _logger);
        var connection = _file.OpenWriter(options.MaxBytes);
        try
        {
            _file.Prepare(connection);
            _writer = new EventLogWriter(connection, _catalog, _index, clock);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
        _writerConnection = connection;
        _head = _writer.Head;
        _checkpointer = new Checkpointer(_file.OpenCheckpointer(), _logger);
        _queue = new AppendQueue(options, WriteGroup);
        Log.Opened(_logger, _file.Path, SqliteLibrary.Version, _head);
    }

    /// <summary>Writes what was accepted, then closes the file.</summary>
    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        _queue.Dispose();
        _feed.Close();
        _checkpointer.Dispose();
        while (_readers.TryTake(out var reader))
            reader.Dispose();
        _writer.Dispose(); // the last connection: SQLite copies the write-ahead log into the file and deletes it
    }
}
