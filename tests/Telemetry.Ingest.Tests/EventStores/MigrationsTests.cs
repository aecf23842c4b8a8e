using System.Reflection;
using Npgsql;
using Telemetry.Conformance;
using Telemetry.Ingest.EventStores.Sqlite;
using Telemetry.Postgres;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class MigrationsTests
{
    private static readonly Assembly Program = typeof(SqliteEventStore).Assembly;

    [Fact]
    public async Task An_empty_database_gets_all_tables_and_then_nothing_more()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var migrations = new Migrations("event_log", Program);

        Assert.Equal("event_log/0001-event-log.sql", migrations.Apply(database.Source)[0]);
        Assert.Empty(migrations.Apply(database.Source));

        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from event_log.events"));
    }

    [Fact]
    public async Task Processes_that_start_at_once_make_the_tables_once()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

        var applied = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => new Migrations("event_log", Program).Apply(database.Source))));

        Assert.Single(applied, names => names.Count > 0);
    }

    [Fact]
    public async Task Tables_of_a_newer_program_are_refused()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var migrations = new Migrations("event_log", Program);
        migrations.Apply(database.Source);
        await database.ExecuteAsync("insert into event_log.migrations (version, name) values (9999, 'of tomorrow')");

        var error = Assert.Throws<InvalidOperationException>(() => migrations.Apply(database.Source));

        Assert.Contains("version 9999", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_may_not_make_tables_can_start_the_program_once_they_are_made()
    {
        var server = await PostgresServer.SharedAsync();
        await using var database = await server.CreateDatabaseAsync();
        var migrations = new Migrations("event_log", Program);
        migrations.Apply(database.Source);
        var role = $"guest_{Guid.NewGuid():N}";
        await database.ExecuteAsync($"create role {role} login; grant usage on schema event_log to {role}; grant select on event_log.migrations to {role}");
        try
        {
            await using var guest = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role });
            Assert.Empty(migrations.Apply(guest));
        }
        finally
        {
            await database.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }
}
