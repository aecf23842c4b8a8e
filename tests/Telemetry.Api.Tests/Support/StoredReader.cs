using System.Collections.Concurrent;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections;
using Telemetry.Projections.Running;
using Telemetry.Projections.Stores.Postgres;

namespace Telemetry.Api.Tests.Support;

/// <summary>A reader of what a brute-force reader holds, out of a read-model store: projected, stored, and loaded again with nothing kept in memory.</summary>
internal sealed class StoredReader : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<StoredReader>>> Standard = new(StringComparer.Ordinal);

    private readonly TemporaryDirectory _directory = new();
    private readonly InMemoryEventStore _log = new(new ManualTime(TestSamples.RecordedAt));
    private PostgresDatabase? _database;
    private ServiceProvider? _services;

    public IMeteringReader Reader => _services!.GetRequiredService<IMeteringReader>();

    /// <summary>Of the standard samples, which nobody changes: all tests on a store share it, and nobody disposes of it.</summary>
    public static async Task<IMeteringReader> OfStandardSamplesAsync() => TestStore.Name is { } store
        ? (await Standard.GetOrAdd(store, static _ => new(async () => (await OfAsync(TestSamples.Reader()))!)).Value).Reader
        : TestSamples.Reader();

    /// <summary>Null where the test asks the brute-force reader itself.</summary>
    public static async Task<StoredReader?> OfAsync(BruteForceReader truth)
    {
        if (TestStore.Name is null)
            return null;
        var reader = new StoredReader { _database = await TestStore.DatabaseAsync() };
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
        await TestStore.GiveBackAsync(_database);
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
