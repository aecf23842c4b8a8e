using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Postgres;
using Telemetry.Projections.Stores.Postgres;
using Xunit.v3;

namespace Telemetry.Api.Tests.Support;

/// <summary>The store that a class's tests run on; <see cref="TestStore.Variable"/> names it for all others.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnStoreAttribute(string store) : Attribute
{
    public string Store => store;
}

/// <summary>Which store the running test has its log and read models in.</summary>
internal static class TestStore
{
    /// <summary>Names a store for all tests: <c>sqlite</c> or <c>postgres</c>. Without it they ask the brute-force reader, or read models in a file.</summary>
    public const string Variable = "TELEMETRY_TEST_STORE";

    // A database takes longer to make than to empty.
    private static readonly ConcurrentBag<PostgresDatabase> Idle = [];

    /// <summary>Null where the test names none.</summary>
    public static string? Name
    {
        get
        {
            var store = (TestContext.Current.TestClass as IXunitTestClass)?.Class.GetCustomAttribute<OnStoreAttribute>()?.Store ?? Environment.GetEnvironmentVariable(Variable);
            Assert.True(store is null or "" or "sqlite" or "postgres", $"{Variable} is sqlite or postgres, not '{store}'.");
            return store is "" ? null : store;
        }
    }

    /// <summary>An empty database, to be given back; null where the test does not run on PostgreSQL.</summary>
    public static async Task<PostgresDatabase?> DatabaseAsync() =>
        Name != "postgres" ? null : Idle.TryTake(out var idle) ? idle : await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public static async Task GiveBackAsync(PostgresDatabase? database)
    {
        if (database is null)
            return;
        await database.ExecuteAsync("drop schema if exists read_models, event_log, audit cascade");
        Idle.Add(database);
    }

    /// <summary>The log and the read models in PostgreSQL; without a database a log in memory, and what else is registered.</summary>
    public static IServiceCollection AddTestStores(this IServiceCollection services, PostgresDatabase? database, TimeProvider time)
    {
        if (database is null)
            return services.AddSingleton<IEventStore>(new InMemoryEventStore(time));
        return services.AddPostgresEventStore(database.ConnectionString).AddPostgresReadModels(database.ConnectionString);
    }
}
