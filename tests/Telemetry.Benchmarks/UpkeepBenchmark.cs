namespace Telemetry.Benchmarks;

/// <summary>What the audit log's tree costs an ingest: two servers, one with and one without it, loaded in turn, so that what else runs here is shared.</summary>
internal static class UpkeepBenchmark
{
    private const int PollsATurn = 20;

    public static async Task RunAsync(int turns, int connections)
    {
        foreach (var kind in new[] { "json", "compact" })
        {
            var servers = new[] { await StartAsync(tree: true), await StartAsync(tree: false) };
            try
            {
                var cpu = new double[2];
                var samples = 0L;
                for (var turn = -3; turn < turns; turn++) // the first warm up
                {
                    for (var n = 0; n < 2; n++)
                    {
                        var server = servers[(n + turn) & 1].Server;
                        var before = server.CpuSeconds;
                        var posts = IngestBenchmark.Load(server.Url, kind, connections, PollsATurn, (turn + 3) * PollsATurn).Count;
                        if (turn < 0)
                            continue;
                        cpu[(n + turn) & 1] += server.CpuSeconds - before;
                        samples += n == 0 ? posts * Workload.BatchSize : 0;
                    }
                }
                Console.WriteLine($"{kind}: {cpu[0] / samples * 1e9:F0} ns of CPU a sample with the tree, {cpu[1] / samples * 1e9:F0} without: {(cpu[0] / cpu[1]) - 1:P1} more ({samples / 1e6:F1} M samples each)");
            }
            finally
            {
                foreach (var (server, data) in servers)
                {
                    await server.DisposeAsync();
                    Directory.Delete(data, recursive: true);
                }
            }
        }
    }

    private static async Task<(ServerProcess Server, string Data)> StartAsync(bool tree)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        var (server, _) = await ServerProcess.StartAsync(data, new Dictionary<string, string> { ["TELEMETRY__Audit__Enabled"] = tree ? "true" : "false" });
        return (server, data);
    }
}
