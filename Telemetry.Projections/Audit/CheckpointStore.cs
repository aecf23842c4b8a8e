using Microsoft.Data.Sqlite;
using Telemetry.Domain.Audit;
using Telemetry.Sqlite;

namespace Telemetry.Projections.Audit;

/// <summary>Checkpoints in a SQLite file of their own, <c>synchronous=FULL</c>.</summary>
public sealed class CheckpointStore : ICheckpoints
{
    private readonly SqliteConnection _connection;
    private readonly Lock _lock = new();

    /// <param name="path">The file; its directory is made where there is none.</param>
    public CheckpointStore(string path)
    {
        _ = SqliteLibrary.Version;
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _connection = new(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 30 }.ToString());
        try
        {
            _connection.Open();
            Execute("""
                pragma journal_mode = wal; pragma synchronous = full;
                create table if not exists checkpoint (size integer primary key, position integer not null, note text not null);
                """);
        }
        catch
        {
            _connection.Dispose();
            throw;
        }
    }

    public bool AreShared => false;

    public KeptCheckpoint? Latest() => Query("select size, position, note from checkpoint order by size desc limit 1").FirstOrDefault();

    public KeptCheckpoint? Find(long size) => Query("select size, position, note from checkpoint where size = $value", size).FirstOrDefault();

    public KeptCheckpoint? Covering(long position) => Query("select size, position, note from checkpoint where position >= $value order by size limit 1", position).FirstOrDefault();

    public IReadOnlyList<KeptCheckpoint> All() => Query("select size, position, note from checkpoint order by size");

    public KeptCheckpoint Keep(KeptCheckpoint checkpoint)
    {
        lock (_lock)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "insert into checkpoint (size, position, note) values ($size, $position, $note) on conflict (size) do update set note = excluded.note";
            command.Parameters.AddWithValue("$size", checkpoint.Size);
            command.Parameters.AddWithValue("$position", checkpoint.Position);
            command.Parameters.AddWithValue("$note", checkpoint.Note.ToString());
            command.ExecuteNonQuery();
            return checkpoint;
        }
    }

    public void Dispose() => _connection.Dispose();

    private List<KeptCheckpoint> Query(string sql, long? value = null)
    {
        lock (_lock)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = sql;
            if (value is { } given)
                command.Parameters.AddWithValue("$value", given);
            using var reader = command.ExecuteReader();
            List<KeptCheckpoint> found = [];
            while (reader.Read())
                found.Add(new(reader.GetInt64(0), reader.GetInt64(1), SignedNote.Parse(reader.GetString(2))));
            return found;
        }
    }

    private void Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

/// <summary>A signed checkpoint.</summary>
/// <param name="Size">The tree's leaves.</param>
/// <param name="Position">The position of the last event in the tree.</param>
public sealed record KeptCheckpoint(long Size, long Position, SignedNote Note)
{
    /// <summary>What was signed.</summary>
    public Checkpoint Checkpoint => Checkpoint.Parse(Note.Text);
}
