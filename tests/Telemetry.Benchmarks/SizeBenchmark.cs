namespace Telemetry.Benchmarks;

/// <summary>Bytes a sample on disk, of the log and of the read models, after the server was stopped.</summary>
internal static class SizeBenchmark
{
    /// <param name="store">Null for SQLite; <c>postgres</c> for SQLite and PostgreSQL in turn, log and read models.</param>
    public static async Task RunAsync(int polls, string? store = null)
    {
        foreach (var each in LogUnderTest.Kinds(store))
            await RunOneAsync(polls, each);
    }

    private static async Task RunOneAsync(int polls, string store)
    {
        foreach (var kind in new[] { "compact", "json-ids" })
        {
            var own = kind == "json-ids" ? Math.Min(polls, 100) : polls;
            await using var stores = await LogUnderTest.CreateAsync(store, models: true);
            var (server, _) = await ServerProcess.StartAsync(stores.Data, stores.Settings);
            IngestBenchmark.Load(server.Url, kind, 4, own);
            await server.DisposeAsync();
            var (log, readModel, samples) = (await stores.BytesAsync(), await stores.ReadModelBytesAsync(), own * 10_000.0);
            Console.WriteLine($"{store}, {kind}, {samples:N0} samples: log {log / samples:F2} B/sample, read model {readModel / samples:F2} B/sample");
        }
    }
}
