using Microsoft.Data.Sqlite;
using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Stores.Sqlite;

/// <summary>The tables of one generation of the audit log's tree: its tiles, and where in the log the leaves of each lowest tile lie.</summary>
internal sealed class AuditTables(ReadModelDatabase database, string projection, int version, int generation)
{
    private readonly string _suffix = $"_{projection}_{generation}";

    public int Generation => generation;

    public string FilePath => database.FilePath;

    public long Position()
    {
        using var lease = database.Connect();
        return ProjectionRow.Find(lease, projection) is { } row && row.Generation == generation ? row.Position : 0;
    }

    /// <summary>Makes empty tables; ones that an interrupted rebuild left are dropped before.</summary>
    public void Create()
    {
        Drop();
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute($"""
                begin immediate;
                create table audit_tile{_suffix} (level integer not null, n integer not null, nodes blob not null, primary key (level, n)) without rowid;
                create table audit_leaf{_suffix} (n integer primary key, first integer not null, positions blob not null);
                create index audit_leaf_first{_suffix} on audit_leaf{_suffix} (first);
                commit;
                """);
        }
    }

    public void Drop()
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            lease.Execute($"drop table if exists audit_tile{_suffix}; drop table if exists audit_leaf{_suffix};");
        }
    }

    /// <summary>Drops what interrupted rebuilds left.</summary>
    public static void DropOthers(ReadModelDatabase database, string projection, int generation)
    {
        var prefix = $"audit_tile_{projection}_";
        List<int> others = [];
        using (var lease = database.Connect())
        {
            using var command = lease.Connection.CreateCommand();
            command.CommandText = "select name from sqlite_schema where type = 'table'";
            using var reader = command.ExecuteReader();
            while (reader.Read())
            {
                if (reader.GetString(0) is var name && name.StartsWith(prefix, StringComparison.Ordinal)
                    && int.TryParse(name.AsSpan(prefix.Length), out var other) && other != generation)
                    others.Add(other);
            }
        }
        foreach (var other in others)
            new AuditTables(database, projection, 0, other).Drop();
    }

    /// <summary>Makes this the live generation, complete up to a position.</summary>
    public void Publish(long position)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            using var transaction = lease.Connection.BeginTransaction();
            new ProjectionRow(version, generation, position).Save(lease.Connection, transaction, projection);
            transaction.Commit();
        }
    }

    /// <summary>Stores tiles and, for the live generation, how far they are complete; all of it or nothing.</summary>
    public void Write(IReadOnlyList<AuditTile> tiles, long position, bool live)
    {
        lock (database.Writing)
        {
            using var lease = database.Connect();
            using var transaction = lease.Connection.BeginTransaction();
            using var tile = Command(lease, transaction, $"insert or replace into audit_tile{_suffix} (level, n, nodes) values ($level, $n, $nodes)", "$level", "$n", "$nodes");
            using var leaf = Command(lease, transaction, $"insert or replace into audit_leaf{_suffix} (n, first, positions) values ($n, $first, $positions)", "$n", "$first", "$positions");
            foreach (var t in tiles)
            {
                Set(tile, t.Level, t.Index, t.Nodes);
                if (t.Positions is { } positions)
                    Set(leaf, t.Index, BitConverter.ToInt64(positions), positions);
            }
            if (live)
                new ProjectionRow(version, generation, position).Save(lease.Connection, transaction, projection);
            transaction.Commit();
        }
    }

    /// <summary>The nodes of a tile; empty where there is none.</summary>
    public byte[] Nodes(int level, long index) => Blob($"select nodes from audit_tile{_suffix} where level = $a and n = $b", level, index) ?? [];

    /// <summary>The positions of the leaves of a lowest tile, 8 bytes each; empty where there is none.</summary>
    public byte[] Positions(long index) => Blob($"select positions from audit_leaf{_suffix} where n = $a and $b = 0", index, 0) ?? [];

    /// <summary>The last lowest tile, null where there is none.</summary>
    public long? LastTile() => Number($"select max(n) from audit_leaf{_suffix} where $a = 0", 0);

    /// <summary>The first lowest tile that can hold the first leaf of an event, null where all begin after it.</summary>
    public long? TileBefore(long position) =>
        Number($"select max(n) from audit_leaf{_suffix} where first < $a", position) ?? Number($"select min(n) from audit_leaf{_suffix} where first = $a", position);

    private byte[]? Blob(string sql, long a, long b)
    {
        using var lease = database.Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$a", a);
        command.Parameters.AddWithValue("$b", b);
        return command.ExecuteScalar() as byte[];
    }

    private long? Number(string sql, long a)
    {
        using var lease = database.Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = sql;
        command.Parameters.AddWithValue("$a", a);
        return command.ExecuteScalar() as long?;
    }

    private static SqliteCommand Command(ReadModelDatabase.Lease lease, SqliteTransaction transaction, string sql, params string[] parameters)
    {
        var command = lease.Connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }

    private static void Set(SqliteCommand command, params object[] values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i];
        command.ExecuteNonQuery();
    }
}
