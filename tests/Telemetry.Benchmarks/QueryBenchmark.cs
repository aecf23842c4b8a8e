namespace Telemetry.Benchmarks;

/// <summary>The four questions of W over HTTP, full answers: the median and the least of many.</summary>
internal static class QueryBenchmark
{
    /// <param name="store">Null for SQLite; <c>postgres</c> for SQLite and PostgreSQL in turn, log and read models.</param>
    public static async Task RunAsync(int polls, string? store = null)
    {
        foreach (var each in LogUnderTest.Kinds(store))
        {
            await using var stores = await LogUnderTest.CreateAsync(each, models: true);
            var (server, _) = await ServerProcess.StartAsync(stores.Data, stores.Settings);
            await using (server)
            {
                IngestBenchmark.Load(server.Url, "compact", 4, polls);
                Console.WriteLine($"{each}, {polls * 10_000L:N0} samples, peak {server.PeakMegabytes:F0} MB");
                Ask(server.Url);
                Console.WriteLine($"peak after queries {server.PeakMegabytes:F0} MB");
            }
        }
    }

    private static void Ask(Uri server)
    {
        using var client = new LoadClient(server);
        var unaligned = Workload.Start.AddSeconds(30).ToString("yyyy-MM-ddTHH:mm:ss");
        foreach (var (name, path, times) in new[]
        {
            ("Q1 hourly avg of one series", $"/v2/meters/cpu_util/statistics?q.field=resource_id&q.op=eq&q.value={Workload.ResourceId(0)}&period=3600&aggregate.func=avg", 200),
            ("Q2 hourly avg, max, count by project", "/v2/meters/cpu_util/statistics?groupby=project_id&period=3600&aggregate.func=avg&aggregate.func=max&aggregate.func=count", 60),
            ("Q2 not aligned to the hour", $"/v2/meters/cpu_util/statistics?q.field=timestamp&q.op=ge&q.value={unaligned}&groupby=project_id&period=3600&aggregate.func=avg&aggregate.func=max&aggregate.func=count", 30),
            ("Q3 distinct resources a day", "/v2/meters/cpu_util/statistics?period=86400&aggregate.func=cardinality&aggregate.param=resource_id", 100),
            ("Q4 last 100 samples of a project", $"/v2/samples?q.field=meter&q.op=eq&q.value=cpu_util&q.field=project_id&q.op=eq&q.value={Workload.ProjectId(0)}&limit=100", 200),
        })
        {
            var bytes = 0;
            var took = new List<double>();
            for (var i = 0; i < times + 20; i++)
            {
                (var milliseconds, bytes) = client.Get(path);
                if (i >= 20)
                    took.Add(milliseconds);
            }
            took.Sort();
            Console.WriteLine($"{name,-40} median {took[took.Count / 2],8:F2} ms, least {took[0],8:F2} ms, p99 {took[(int)(took.Count * .99)],8:F2} ms, {bytes:N0} bytes");
        }
    }
}
