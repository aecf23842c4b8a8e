using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Conformance;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;
using Telemetry.Projections.Stores.Sqlite;

namespace Telemetry.Projections.Tests.Stores;

/// <summary>Where a test keeps read models; they are there for every store that is opened on it.</summary>
internal abstract class StorePlace : IAsyncDisposable
{
    public abstract IReadModelStore Open();

    public abstract ICheckpoints OpenCheckpoints();

    /// <summary>Throws everything away that is stored.</summary>
    public abstract Task DeleteAsync();

    /// <summary>The names of all tables but those that only wait for the end of their last readers.</summary>
    public abstract List<string> Tables();

    public abstract ValueTask DisposeAsync();
}

internal sealed class SqlitePlace : StorePlace
{
    private readonly TemporaryDirectory _directory = new();

    public string FilePath => Path.Combine(_directory.Path, "read-model.db");

    public override IReadModelStore Open() => new ReadModelDatabase(FilePath, NullLogger.Instance);

    public override ICheckpoints OpenCheckpoints() => new CheckpointStore(Path.Combine(_directory.Path, "checkpoints.db"));

    public override Task DeleteAsync()
    {
        File.Delete(FilePath);
        return Task.CompletedTask;
    }

    public override List<string> Tables()
    {
        using var database = new ReadModelDatabase(FilePath, NullLogger.Instance);
        var names = new List<string>();
        using var lease = database.Connect();
        using var command = lease.Connection.CreateCommand();
        command.CommandText = "select name from sqlite_schema where type = 'table'";
        using var reader = command.ExecuteReader();
        while (reader.Read())
            names.Add(reader.GetString(0));
        return names;
    }

    public override ValueTask DisposeAsync()
    {
        _directory.Dispose();
        return ValueTask.CompletedTask;
    }
}

internal sealed class PostgresPlace(PostgresDatabase database) : StorePlace
{
    public PostgresDatabase Database => database;

    public static async Task<StorePlace> CreateAsync() => new PostgresPlace(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());

    public override IReadModelStore Open() => new PostgresReadModels(database.ConnectionString);

    public override ICheckpoints OpenCheckpoints() => new PostgresCheckpoints(database.ConnectionString);

    public override Task DeleteAsync() => database.ExecuteAsync("drop schema read_models cascade");

    public override List<string> Tables()
    {
        using var store = new PostgresReadModels(database.ConnectionString);
        return store.Query(
            """
            select tablename::text from pg_tables where schemaname = 'read_models'
                and not exists (select from replaced r where tablename ~ ('_' || r.projection || '_' || r.generation || '(_|$)'))
            """,
            r => r.GetString(0)).ToList();
    }

    public override ValueTask DisposeAsync() => database.DisposeAsync();
}
