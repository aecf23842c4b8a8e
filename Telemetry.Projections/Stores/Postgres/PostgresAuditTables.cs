using Telemetry.Projections.Audit;

namespace Telemetry.Projections.Stores.Postgres;

/// <inheritdoc cref="IAuditTables"/>
internal sealed class PostgresAuditTables(PostgresReadModels database, Generation generation)
    : PostgresTables(database, generation, ["audit_tile", "audit_leaf"]), IAuditTables
{
    protected override string CreateSql => $"""
        create table audit_tile{Suffix} (level int, n bigint, nodes bytea not null, primary key (level, n));
        alter table audit_tile{Suffix} alter column nodes set storage external;
        create table audit_leaf{Suffix} (n bigint primary key, first bigint not null, positions bytea not null);
        create index on audit_leaf{Suffix} (first);
        """;

    protected override string DistributeSql => $"""
        select create_reference_table('audit_tile{Suffix}');
        select create_reference_table('audit_leaf{Suffix}');
        """;

    public void Write(IReadOnlyList<AuditTile> tiles, long position, bool live) => Write(
        writer =>
        {
            writer.Merge(
                "tiles",
                $"insert into audit_tile{Suffix} select * from unnest($1, $2, $3) on conflict (level, n) do update set nodes = excluded.nodes",
                tiles, page => [page.Select(t => t.Level).ToArray(), page.Select(t => t.Index).ToArray(), page.Select(t => t.Nodes).ToArray()]);
            writer.Merge(
                "leaves",
                $"""
                insert into audit_leaf{Suffix} select * from unnest($1, $2, $3)
                on conflict (n) do update set first = excluded.first, positions = excluded.positions
                """,
                tiles.Where(t => t.Positions is not null).ToList(),
                page => [page.Select(t => t.Index).ToArray(), page.Select(t => BitConverter.ToInt64(t.Positions!)).ToArray(), page.Select(t => t.Positions!).ToArray()]);
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
