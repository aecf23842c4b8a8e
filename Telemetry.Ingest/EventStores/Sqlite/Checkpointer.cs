using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Telemetry.Ingest.EventStores.Sqlite;

/// <summary>Copies the write-ahead log into the file, beside the writer.</summary>
/// <remarks>
/// SQLite begins the write-ahead log anew only when all of it is copied, which never happens while a writer keeps adding to it. So above
/// <see cref="LongPages"/> the writer does the rest itself, between two groups: a little, as most is copied already.
/// </remarks>
internal sealed class Checkpointer : IDisposable
{
    private const int EveryPages = (8 << 20) / EventLogFile.PageBytes;
    private const int LongPages = (128 << 20) / EventLogFile.PageBytes;

    private readonly SqliteConnection _connection;
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private readonly AutoResetEvent _due = new(initialState: false);
    private volatile bool _stopping;
    private volatile bool _behind;
    private long _pages;

    public Checkpointer(SqliteConnection connection, ILogger logger)
    {
        _connection = connection;
        _logger = logger;
        _thread = new Thread(Run) { IsBackground = true, Name = "event log checkpoints" };
        _thread.Start();
    }

    /// <summary>The write-ahead log has become so long that the writer has to <see cref="Finish"/>.</summary>
    public bool Behind => _behind;

    /// <summary>Tells that the writer has committed about so many pages.</summary>
    public void Wrote(long pages)
    {
        _pages += pages;
        if (_pages < EveryPages)
            return;
        _pages = 0;
        _due.Set();
    }

    /// <summary>Copies the rest on the writer's own connection, between two transactions.</summary>
    public void Finish(SqliteConnection writer)
    {
        Checkpoint(writer);
        _behind = false;
    }

    public void Dispose()
    {
        _stopping = true;
        _due.Set();
        _thread.Join();
        _connection.Dispose();
        _due.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _due.WaitOne();
            if (_stopping)
                return;
            _behind = Checkpoint(_connection) > LongPages;
        }
    }

    /// <summary>Copies what can be copied without waiting for anybody; gives the pages that the write-ahead log holds.</summary>
    private long Checkpoint(SqliteConnection connection)
    {
        try
        {
            using var command = connection.CreateCommand();
            command.CommandText = "pragma wal_checkpoint(passive)";
            using var row = command.ExecuteReader();
            return row.Read() ? row.GetInt64(1) : 0;
        }
        catch (SqliteException e)
        {
            Log.CheckpointFailed(_logger, e); // the write-ahead log grows until one succeeds; no commit depends on it
            return 0;
        }
    }
}
