using Microsoft.Data.Sqlite;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>What the file knows of a projection: which tables are its own, and how far they are complete.</summary>
internal readonly record struct ProjectionRow(int Version, int Generation, long Position)
{
    public static ProjectionRow? Find(ReadModelDatabase.Lease lease, string name)
    {
        using var command = lease.Connection.CreateCommand();
        command.CommandText = "select version, generation, position from projection where name = $name";
        command.Parameters.AddWithValue("$name", name);
        using var reader = command.ExecuteReader();
        return reader.Read() ? new(reader.GetInt32(0), reader.GetInt32(1), reader.GetInt64(2)) : null;
    }

    public void Save(SqliteConnection connection, SqliteTransaction transaction, string name)
    {
        using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = """
            insert into projection (name, version, generation, position) values ($name, $version, $generation, $position)
            on conflict (name) do update set version = excluded.version, generation = excluded.generation, position = excluded.position
            """;
        command.Parameters.AddWithValue("$name", name);
        command.Parameters.AddWithValue("$version", Version);
        command.Parameters.AddWithValue("$generation", Generation);
        command.Parameters.AddWithValue("$position", Position);
        command.ExecuteNonQuery();
    }
}
