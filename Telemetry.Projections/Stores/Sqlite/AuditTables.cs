using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Stores.Sqlite;

/// <inheritdoc cref="IAuditTables"/>
internal sealed class AuditTables(ReadModelDatabase database, Generation generation)
    : SqliteTables(database, generation, ["audit_tile", "audit_leaf"]), IAuditTables
{
    protected override string CreateSql => $"""
        create table audit_tile{Suffix} (level integer not null, n integer not null, nodes blob not null, primary key (level, n)) without rowid;
        create table audit_leaf{Suffix} (n integer primary key, first integer not null, positions blob not null);
        create index audit_leaf_first{Suffix} on audit_leaf{Suffix} (first);
        """;

    public void Write(IReadOnlyList<AuditTile> tiles, long position, bool live) => Write(
        writer =>
        {
            writer.Insert("tiles", $"insert or replace into audit_tile{Suffix} (level, n, nodes) values ($0, $1, $2)", 3, tiles,
                static (t, set) => (set[0].Value, set[1].Value, set[2].Value) = (t.Level, t.Index, t.Nodes));
            writer.Insert("leaves", $"insert or replace into audit_leaf{Suffix} (n, first, positions) values ($0, $1, $2)", 3,
                tiles.Where(t => t.Positions is not null),
                static (t, set) => (set[0].Value, set[1].Value, set[2].Value) = (t.Index, BitConverter.ToInt64(t.Positions!), t.Positions));
        },
        position, live);

    public byte[] Nodes(int level, long index) =>
        Query($"select nodes from audit_tile{Suffix} where level = $1 and n = $2", r => r.GetFieldValue<byte[]>(0), level, index).SingleOrDefault() ?? [];

    public byte[] Positions(long index) =>
        Query($"select positions from audit_leaf{Suffix} where n = $1", r => r.GetFieldValue<byte[]>(0), index).SingleOrDefault() ?? [];

    public long? LastTile() => Number($"select max(n) from audit_leaf{Suffix}");

    public long? TileBefore(long position) =>
        Number($"select max(n) from audit_leaf{Suffix} where first < $1", position) ?? Number($"select min(n) from audit_leaf{Suffix} where first = $1", position);

    private long? Number(string sql, params object[] parameters) => Query(sql, r => r.IsDBNull(0) ? (long?)null : r.GetInt64(0), parameters).Single();
}
