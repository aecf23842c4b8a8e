using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Telemetry.Domain.Metering.Compact;
using Telemetry.Domain.Signing;

namespace Telemetry.Benchmarks;

/// <summary>How fast samples go in: JSON, JSON with ids and signatures (kept, or as HMACs verified), compact, and compact with dictionaries sent once; on several connections, and JSON on one.</summary>
internal static class IngestBenchmark
{
    private const string Secret = "s3cr3t";

    private static readonly SigningSecrets Secrets = new([Secret]);

    /// <param name="signed">Null: unsigned; <c>body</c>: each body is signed; otherwise the batch.</param>
    /// <param name="log">Null for SQLite; <c>postgres</c> or <c>esdb</c> for SQLite and that in turn, with their ratio.</param>
    public static async Task RunAsync(int polls, int connections, string? only = null, string? signed = null, string? log = null)
    {
        Console.WriteLine(
            $"{"log",-8} {"body",-14} {"conn",4} {"samples/s",12} {"per server CPU-s",17} {"p50 ms",8} {"p99 ms",8} {"B/sample sent",14} {"log",6} {"peak MB",8}");
        foreach (var (kind, clients) in new[] { ("json", connections), ("json-ids", connections), ("json-hmac", connections), ("compact", connections), ("compact-named", connections), ("json", 1) })
        {
            if (only is not null && only != kind)
                continue;
            var rates = new List<(double Wall, double Cpu)>();
            foreach (var each in LogUnderTest.Kinds(log))
                rates.Add(await RunAsync(each, kind, clients, polls, signed));
            if (rates.Count > 1)
                Console.WriteLine($"{log} against sqlite: {rates[1].Wall / rates[0].Wall:P0} wall, {rates[1].Cpu / rates[0].Cpu:P0} per CPU-s");
        }
    }

    private static async Task<(double Wall, double Cpu)> RunAsync(string log, string kind, int clients, int polls, string? signed)
    {
        await using var stores = await LogUnderTest.CreateAsync(log);
        var (server, _) = await ServerProcess.StartAsync(
            stores.Data, kind == "json-hmac" ? new Dictionary<string, string>(stores.Settings) { ["TELEMETRY__Signing__Secrets__0"] = Secret } : stores.Settings);
        await using (server)
        {
            var warmUp = Math.Max(20, polls / 5);
            using var signer = signed is null ? null : await Signer.RegisterAsync(server.Url, overBody: signed == "body");
            Load(server.Url, kind, clients, warmUp, signer: signer);
            var (cpu, size, before, clock) = (server.CpuSeconds + stores.CpuSeconds, await stores.BytesAsync(), LoadClient.BytesSent, new Stopwatch());
            var latencies = Load(server.Url, kind, clients, polls, warmUp, clock, signer);
            var sent = (double)LoadClient.BytesSent - before;
            var (seconds, used) = (clock.Elapsed.TotalSeconds, server.CpuSeconds + stores.CpuSeconds - cpu);
            var samples = (double)latencies.Count * Workload.BatchSize;
            latencies.Sort();
            Console.WriteLine($"{log,-8} {kind,-14} {clients,4} {samples / seconds,12:N0} {samples / used,17:N0} {latencies[latencies.Count / 2],8:F2} "
                + $"{latencies[(int)(latencies.Count * .99)],8:F2} {sent / samples,14:F2} {(await stores.BytesAsync() - size) / samples,6:F2} {server.PeakMegabytes,8:F0}");
            return (samples / seconds, samples / used);
        }
    }

    /// <summary>Sends polls of W, each connection its own batches of every poll; gives the milliseconds of every POST.</summary>
    /// <remarks>Bodies are made in slices before they are sent, so that the two cores are the server's while the clock runs.</remarks>
    /// <param name="clock">Runs while bodies are being sent, and only then.</param>
    /// <param name="signer">Signs every batch; null for none.</param>
    public static List<double> Load(Uri server, string kind, int connections, int polls, int firstPoll = 0, Stopwatch? clock = null, Signer? signer = null)
    {
        const int Slice = 50;
        var latencies = new List<double>();
        // Each connection has a workload of its own: its series are the ones it sends.
        var senders = Enumerable.Range(0, connections).Select(c => (Number: c, Workload: new Workload(ids: kind is "json-ids" or "json-hmac"), Client: new LoadClient(server))).ToList();
        for (var from = firstPoll; from < firstPoll + polls; from += Slice)
        {
            var to = Math.Min(from + Slice, firstPoll + polls);
            var bodies = senders.AsParallel().AsOrdered().Select(s => Bodies(s.Workload, kind, s.Number, connections, from, to, signer)).ToList();
            GC.Collect();
            clock?.Start();
            var threads = senders.Select(s => new Thread(() =>
            {
                var own = bodies[s.Number].ConvertAll(s.Client.Post);
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

    private static List<LoadBody> Bodies(Workload workload, string kind, int connection, int connections, int fromPoll, int toPoll, Signer? signer)
    {
        var bodies = new List<LoadBody>();
        for (var poll = fromPoll; poll < toPoll; poll++)
        {
            for (var batch = connection; batch < Workload.BatchesAPoll; batch += connections)
                bodies.Add(Body(workload, kind, poll, batch, signer));
        }
        return bodies;
    }

    private static LoadBody Body(Workload workload, string kind, int poll, int batch, Signer? signer)
    {
        if (kind is "json" or "json-ids" or "json-hmac")
        {
            var json = new ArrayBufferWriter<byte>(1 << 20);
            workload.WriteJson(poll, batch, json);
            if (kind == "json-hmac")
                return new("application/json", WithHmacs(json.WrittenSpan.ToArray()));
            return new("application/json", json.WrittenSpan.ToArray(), Signature: signer?.OfJson(json.WrittenSpan));
        }
        var samples = workload.Batch(poll, batch);
        byte[] Encoded(DictionaryForm form)
        {
            var body = new ArrayBufferWriter<byte>(1 << 16);
            SampleBatchCodec.Encode(samples, body, form);
            return body.WrittenSpan.ToArray();
        }
        return kind == "compact"
            ? new(SampleBatchCodec.ContentType, Encoded(DictionaryForm.Inline), Signature: signer?.Of(samples))
            : new(SampleBatchCodec.ContentType, Encoded(DictionaryForm.Referred), Encoded(DictionaryForm.Named), signer?.Of(samples));
    }

    /// <summary>The same body with the samples' signatures put right.</summary>
    private static byte[] WithHmacs(byte[] json)
    {
        using var document = JsonDocument.Parse(json);
        foreach (var sample in document.RootElement.EnumerateArray())
        {
            var stands = JsonMarshal.GetRawUtf8Value(sample.GetProperty(MessageSignature.Field));
            var at = (int)Unsafe.ByteOffset(in json[0], in stands[0]) + 1;
            Encoding.ASCII.GetBytes(MessageSignature.Compute(sample, Secrets), json.AsSpan(at));
        }
        return json;
    }

    public static long LogBytes(string data) => Directory.EnumerateFiles(data, "events.db*").Sum(f => new FileInfo(f).Length);
}
