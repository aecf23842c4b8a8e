using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Postgres;
using Xunit.v3;

namespace Telemetry.Api.Tests.Support;

/// <summary>The store that a class's tests run on; <see cref="StoredReader.Variable"/> names it for all others.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class OnStoreAttribute(string store) : Attribute
{
    public string Store => store;
}

/// <summary>A reader of what a brute-force reader holds, out of a read-model store: projected, stored, and loaded again with nothing kept in memory.</summary>
internal sealed class StoredReader : IAsyncDisposable
{
    /// <summary>Names a store for all tests: <c>sqlite</c> or <c>postgres</c>. Without it they ask the brute-force reader.</summary>
    public const string Variable = "TELEMETRY_TEST_STORE";

    // A database takes longer to make than to empty.
    private static readonly ConcurrentBag<PostgresDatabase> Idle = [];

    private readonly TemporaryDirectory _directory = new();
    private readonly InMemoryEventStore _log = new(new ManualTime(TestSamples.RecordedAt));
    private PostgresDatabase? _database;
    private ServiceProvider? _services;

    public IMeteringReader Reader => _services!.GetRequiredService<IMeteringReader>();

    /// <summary>Null where the test asks the brute-force reader itself.</summary>
    public static async Task<StoredReader?> OfAsync(BruteForceReader truth)
    {
        var store = (TestContext.Current.TestClass as IXunitTestClass)?.Class.GetCustomAttribute<OnStoreAttribute>()?.Store ?? Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(store))
            return null;
        Assert.True(store is "sqlite" or "postgres", $"{Variable} is sqlite or postgres, not '{store}'.");
        var reader = new StoredReader();
        if (store == "postgres")
            reader._database = Idle.TryTake(out var idle) ? idle : await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        foreach (var (batch, id) in truth.Batches)
            await reader._log.AppendAsync([new NewEvent(id, "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])]);
        await reader.StartAsync();
        await reader.StopAsync(); // stores everything
        await reader.StartAsync();
        return reader;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_database is not null)
        {
            await _database.ExecuteAsync("drop schema read_models cascade");
            Idle.Add(_database);
        }
        _directory.Dispose();
    }

    private async Task StartAsync()
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddSingleton<IEventStore>(_log);
        services.Configure<ProjectionsOptions>(options => (options.Directory, options.CacheBytes) = (_directory.Path, 0));
        if (_database is not null)
            services.AddPostgresReadModels(_database.ConnectionString);
        services.AddTelemetryProjections(start: false);
        _services = services.BuildServiceProvider();
        var runner = _services.GetRequiredService<ProjectionRunner>();
        await runner.StartAsync(default);
        Assert.True(await runner.WaitForAsync(await _log.HeadAsync(), TimeSpan.FromSeconds(60)));
    }

    private async Task StopAsync()
    {
        await _services!.GetRequiredService<ProjectionRunner>().StopAsync(default);
        await _services!.DisposeAsync();
    }
}
