using Npgsql;
using Telemetry.Domain.Audit;
using Telemetry.Postgres;
using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>Checkpoints, and the key that signs them, in schema <c>audit</c> of a PostgreSQL database: the same for all processes.</summary>
internal sealed class PostgresCheckpoints : ICheckpoints
{
    public const string Schema = "audit";

    private readonly NpgsqlDataSource _database;

    /// <exception cref="IOException">The database does not answer, or refuses.</exception>
    public PostgresCheckpoints(string connectionString)
    {
        var settings = PrimaryConnection.Settings(connectionString);
        (settings.SearchPath, settings.MaxPoolSize) = (Schema, 4);
        _database = NpgsqlDataSource.Create(settings);
        try
        {
            Migrations().Apply(_database);
        }
        catch (NpgsqlException e)
        {
            _database.Dispose();
            throw new IOException($"The audit log's checkpoints in PostgreSQL at {settings.Host}, database '{settings.Database}', cannot be opened: {e.Message}", e);
        }
    }

    public bool AreShared => true;

    public static Migrations Migrations() => new(Schema, typeof(PostgresCheckpoints).Assembly);

    /// <summary>The key that signs, in PEM; made by the first process that asks.</summary>
    public string KeyPem()
    {
        using var connection = _database.OpenConnection();
        PostgresReadModels.Execute(connection, "insert into key (pem) values ($1) on conflict do nothing", AuditKeyFile.NewPem());
        return PostgresReadModels.Query(connection, "select pem from key", r => r.GetString(0)).Single();
    }

    public KeptCheckpoint? Latest() => Query("order by size desc limit 1").FirstOrDefault();

    public KeptCheckpoint? Find(long size) => Query("where size = $1", size).FirstOrDefault();

    public KeptCheckpoint? Covering(long position) => Query("where position >= $1 order by size limit 1", position).FirstOrDefault();

    public IReadOnlyList<KeptCheckpoint> All() => Query("order by size");

    public KeptCheckpoint Keep(KeptCheckpoint checkpoint)
    {
        using var connection = _database.OpenConnection();
        using var transaction = connection.BeginTransaction();
        PostgresReadModels.Execute(connection, PostgresReadModels.EndIfIdle(PostgresLeases.Duration));
        PostgresReadModels.Execute(
            connection, "insert into checkpoint values ($1, $2, $3) on conflict do nothing", checkpoint.Size, checkpoint.Position, checkpoint.Note.ToString());
        var kept = Query(connection, "where size = $1 for update", checkpoint.Size).Single();
        if (kept.Note.Text == checkpoint.Note.Text)
            kept = kept with { Note = checkpoint.Note.Signatures.Aggregate(kept.Note, (note, signature) => note.With(signature)) };
        PostgresReadModels.Execute(connection, "update checkpoint set note = $2 where size = $1", kept.Size, kept.Note.ToString());
        transaction.Commit();
        return kept;
    }

    public void Dispose() => _database.Dispose();

    private List<KeptCheckpoint> Query(string which, params object[] parameters)
    {
        using var connection = _database.OpenConnection();
        return Query(connection, which, parameters);
    }

    private static List<KeptCheckpoint> Query(NpgsqlConnection connection, string which, params object[] parameters) => [.. PostgresReadModels.Query(
        connection, $"select size, position, note from checkpoint {which}",
        r => new KeptCheckpoint(r.GetInt64(0), r.GetInt64(1), SignedNote.Parse(r.GetString(2))), parameters)];
}
