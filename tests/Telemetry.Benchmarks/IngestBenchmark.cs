using System.Buffers;
using System.Diagnostics;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Benchmarks;

/// <summary>How fast samples go in: JSON, JSON with ids and signatures, and compact; on several connections, and JSON on one.</summary>
internal static class IngestBenchmark
{
    /// <param name="log">Null for SQLite; <c>postgres</c> for SQLite and PostgreSQL in turn, with their ratio.</param>
    public static async Task RunAsync(int polls, int connections, string? only = null, string? log = null)
    {
        Console.WriteLine($"{"log",-8} {"body",-12} {"conn",4} {"samples/s",12} {"per server CPU-s",17} {"p50 ms",8} {"p99 ms",8} {"B/sample log",13} {"peak MB",8}");
        foreach (var (kind, clients) in new[] { ("json", connections), ("json-ids", connections), ("compact", connections), ("json", 1) })
        {
            if (only is not null && only != kind)
                continue;
            var rates = new List<(double Wall, double Cpu)>();
            foreach (var each in LogUnderTest.Kinds(log))
                rates.Add(await RunAsync(each, kind, clients, polls));
            if (rates.Count > 1)
                Console.WriteLine($"{log} against sqlite: {rates[1].Wall / rates[0].Wall:P0} wall, {rates[1].Cpu / rates[0].Cpu:P0} per CPU-s");
        }
    }

    private static async Task<(double Wall, double Cpu)> RunAsync(string log, string kind, int clients, int polls)
    {
        await using var stores = await LogUnderTest.CreateAsync(log);
        var (server, _) = await ServerProcess.StartAsync(stores.Data, stores.Settings);
        await using (server)
        {
            var warmUp = Math.Max(20, polls / 5);
            Load(server.Url, kind, clients, warmUp);
            var (cpu, size, clock) = (server.CpuSeconds + stores.CpuSeconds, await stores.BytesAsync(), new Stopwatch());
            var latencies = Load(server.Url, kind, clients, polls, warmUp, clock);
            var (seconds, used) = (clock.Elapsed.TotalSeconds, server.CpuSeconds + stores.CpuSeconds - cpu);
            var samples = (double)latencies.Count * Workload.BatchSize;
            latencies.Sort();
            Console.WriteLine($"{log,-8} {kind,-12} {clients,4} {samples / seconds,12:N0} {samples / used,17:N0} {latencies[latencies.Count / 2],8:F2} "
                + $"{latencies[(int)(latencies.Count * .99)],8:F2} {(await stores.BytesAsync() - size) / samples,13:F2} {server.PeakMegabytes,8:F0}");
            return (samples / seconds, samples / used);
        }
    }

    /// <summary>Sends polls of W, each connection its own batches of every poll; gives the milliseconds of every POST.</summary>
    /// <remarks>Bodies are made in slices before they are sent, so that the two cores are the server's while the clock runs.</remarks>
    /// <param name="clock">Runs while bodies are being sent, and only then.</param>
    public static List<double> Load(Uri server, string kind, int connections, int polls, int firstPoll = 0, Stopwatch? clock = null)
    {
        const int Slice = 50;
        var latencies = new List<double>();
        // Each connection has a workload of its own: its series are the ones it sends.
        var senders = Enumerable.Range(0, connections).Select(c => (Number: c, Workload: new Workload(ids: kind == "json-ids"), Client: new LoadClient(server))).ToList();
        for (var from = firstPoll; from < firstPoll + polls; from += Slice)
        {
            var to = Math.Min(from + Slice, firstPoll + polls);
            var bodies = senders.AsParallel().AsOrdered().Select(s => Bodies(s.Workload, kind, s.Number, connections, from, to)).ToList();
            GC.Collect();
            clock?.Start();
            var threads = senders.Select(s => new Thread(() =>
            {
                var own = bodies[s.Number].ConvertAll(b => s.Client.Post(kind == "compact" ? SampleBatchCodec.ContentType : "application/json", b));
                lock (latencies)
                    latencies.AddRange(own);
            })).ToList();
            threads.ForEach(t => t.Start());
            threads.ForEach(t => t.Join());
            clock?.Stop();
        }
        senders.ForEach(s => s.Client.Dispose());
        return latencies;
    }

    private static List<byte[]> Bodies(Workload workload, string kind, int connection, int connections, int fromPoll, int toPoll)
    {
        var bodies = new List<byte[]>();
        var body = new ArrayBufferWriter<byte>(1 << 20);
        for (var poll = fromPoll; poll < toPoll; poll++)
        {
            for (var batch = connection; batch < Workload.BatchesAPoll; batch += connections)
            {
                body.ResetWrittenCount();
                if (kind == "compact")
                    SampleBatchCodec.Encode(workload.Batch(poll, batch), body);
                else
                    workload.WriteJson(poll, batch, body);
                bodies.Add(body.WrittenSpan.ToArray());
            }
        }
        return bodies;
    }

    public static long LogBytes(string data) => Directory.EnumerateFiles(data, "events.db*").Sum(f => new FileInfo(f).Length);
}
