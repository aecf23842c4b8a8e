using System.Buffers;
using System.Diagnostics;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Benchmarks;

/// <summary>How fast samples go in: JSON, JSON with ids and signatures, and compact; on several connections, and JSON on one.</summary>
internal static class IngestBenchmark
{
    public static async Task RunAsync(int polls, int connections)
    {
        Console.WriteLine($"{"body",-12} {"conn",4} {"samples/s",12} {"per server CPU-s",17} {"p50 ms",8} {"p99 ms",8} {"B/sample log",13} {"peak MB",8}");
        foreach (var (kind, clients) in new[] { ("json", connections), ("json-ids", connections), ("compact", connections), ("json", 1) })
        {
            var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
            try
            {
                var (server, _) = await ServerProcess.StartAsync(data);
                await using (server)
                {
                    Load(server.Url, kind, clients, Math.Max(4, polls / 10)); // warm up
                    var (cpu, size, clock) = (server.CpuSeconds, LogBytes(data), Stopwatch.StartNew());
                    var latencies = Load(server.Url, kind, clients, polls);
                    var (seconds, used) = (clock.Elapsed.TotalSeconds, server.CpuSeconds - cpu);
                    var samples = (double)latencies.Count * Workload.BatchSize;
                    latencies.Sort();
                    Console.WriteLine($"{kind,-12} {clients,4} {samples / seconds,12:N0} {samples / used,17:N0} {latencies[latencies.Count / 2],8:F2} "
                        + $"{latencies[(int)(latencies.Count * .99)],8:F2} {(LogBytes(data) - size) / samples,13:F2} {server.PeakMegabytes,8:F0}");
                }
            }
            finally
            {
                Directory.Delete(data, recursive: true);
            }
        }
    }

    /// <summary>Sends polls of W, each connection its own batches of every poll; gives the milliseconds of every POST.</summary>
    public static List<double> Load(Uri server, string kind, int connections, int polls)
    {
        var latencies = new List<double>();
        var threads = Enumerable.Range(0, connections).Select(c => new Thread(() =>
        {
            // Each connection has a workload of its own: its series are the ones it sends.
            var workload = new Workload(ids: kind == "json-ids");
            using var client = new LoadClient(server);
            var body = new ArrayBufferWriter<byte>(1 << 20);
            var own = new List<double>();
            for (var poll = 0; poll < polls; poll++)
            {
                for (var batch = c; batch < Workload.BatchesAPoll; batch += connections)
                {
                    body.ResetWrittenCount();
                    if (kind == "compact")
                        SampleBatchCodec.Encode(workload.Batch(poll, batch), body);
                    else
                        workload.WriteJson(poll, batch, body);
                    own.Add(client.Post(kind == "compact" ? SampleBatchCodec.ContentType : "application/json", body.WrittenSpan));
                }
            }
            lock (latencies)
                latencies.AddRange(own);
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        return latencies;
    }

    public static long LogBytes(string data) => Directory.EnumerateFiles(data, "events.db*").Sum(f => new FileInfo(f).Length);
}
