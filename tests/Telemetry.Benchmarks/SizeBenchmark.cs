namespace Telemetry.Benchmarks;

/// <summary>Bytes a sample on disk, of the log and of the read models, after the server was stopped.</summary>
internal static class SizeBenchmark
{
    public static async Task RunAsync(int polls)
    {
        foreach (var kind in new[] { "compact", "json-ids" })
        {
            var own = kind == "json-ids" ? Math.Min(polls, 100) : polls;
            var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
            try
            {
                var (server, _) = await ServerProcess.StartAsync(data);
                IngestBenchmark.Load(server.Url, kind, 4, own);
                await server.DisposeAsync();
                var readModel = Directory.EnumerateFiles(data, "read-model.db*").Sum(f => new FileInfo(f).Length);
                Console.WriteLine($"{kind}, {own * 10_000L:N0} samples: log {IngestBenchmark.LogBytes(data) / (own * 10_000.0):F2} B/sample, read model {readModel / (own * 10_000.0):F2} B/sample");
            }
            finally
            {
                Directory.Delete(data, recursive: true);
            }
        }
    }
}
