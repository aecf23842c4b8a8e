using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.Hosting;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Rating;
using Telemetry.Projections.Running;

namespace Telemetry.Benchmarks;

/// <summary>Replay into the rater, the tree's upkeep, a walk through the log, and proofs; in this process, on one thread.</summary>
internal static class AuditBenchmark
{
    internal const string Rules = """
        name: benchmark
        currency: EUR
        rules:
          - { name: cpu, meter: cpu, unit: ns, price: 0.000000001 }
          - { name: traffic, meter: network.*.bytes, unit: GB, divide_by: 1000000000, tiers: [ { up_to: 10, price: 1 }, { price: 0.5 } ] }
          - { name: io, meter: disk.*.bytes, unit: GB, divide_by: 1000000000, price: 0.1 }
          - { name: memory, meter: memory.usage, unit: MB-hour, price: 0.0001 }
          - { name: load, meter: cpu_util, unit: "%-hour", price: 0.0001 }
          - { name: cores, meter: vcpus, by: resource, unit: core-hour, price: 0.01 }
          - { name: disk, meter: disk.root.size, where: { metadata.status: active }, unit: GB-hour, price: 0.001 }
          - { name: heat, meter: temperature, unit: K-hour, price: 0 }
        """;

    private static TimeSpan _cpu; // of this process, when the last figure was printed

    public static async Task RunAsync(int polls)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            foreach (var oneProject in new[] { false, true })
            {
                for (var run = 0; run < 5; run++)
                    HashFresh(polls, oneProject);
            }
            var services = new ServiceCollection().AddLogging();
            services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
            services.AddEmbeddedStores(data, start: false);
            await using var provider = services.BuildServiceProvider();
            var log = provider.GetRequiredService<IEventStore>();
            await FillAsync(log, polls, oneProject: false);
            await FillAsync(log, polls, oneProject: true);
            var samples = polls * 10_000.0;

            var events = new List<RecordedEvent>();
            await foreach (var e in log.ReadAllAsync())
                events.Add(e);
            for (var run = 0; run < 4; run++)
            {
                var hasher = new EventHasher();
                _cpu = Environment.CpuUsage.TotalTime;
                var c = Stopwatch.StartNew();
                foreach (var e in events.Take(events.Count / 2))
                    hasher.LeafHash(e);
                Report("leaves, batches over 50 projects", samples, c);
                c.Restart();
                foreach (var e in events.Skip(events.Count / 2))
                    hasher.LeafHash(e);
                Report("leaves, batches of one project", samples, c);
            }
            var tree = provider.GetServices<IProjection>().Single(p => p is IAuditTree);
            tree.Load();
            _cpu = Environment.CpuUsage.TotalTime;
            var clock = Stopwatch.StartNew();
            foreach (var e in events.Take(events.Count / 2))
                tree.Apply(e);
            Report("tree, batches over 50 projects", samples, clock);
            clock.Restart();
            foreach (var e in events.Skip(events.Count / 2))
                tree.Apply(e);
            Report("tree, batches of one project", samples, clock);
            tree.Flush([0]);

            var batches = events.Skip(events.Count / 2).Select(e => ((EventBody.Samples)e.Body).Batch).ToList();
            for (var run = 0; run < 3; run++)
            {
                var month = new MonthFold(TariffReader.Read(Encoding.UTF8.GetBytes(Rules)), "one", UnixMicroseconds.From(Workload.Start), UnixMicroseconds.From(Workload.Start.AddMonths(1)));
                clock.Restart();
                foreach (var batch in batches)
                    month.Add(batch, 1);
                Report("rate decoded batches", samples, clock);
            }
            for (var run = 0; run < 3; run++)
            {
                clock.Restart();
                await new Rater(log).RateAsync(new("one", UnixMicroseconds.From(Workload.Start), TariffReader.Read(Encoding.UTF8.GetBytes(Rules))));
                Report("rate from the log (SQLite)", samples, clock);
            }

            var audit = provider.GetRequiredService<AuditLog>();
            audit.Publish();
            clock.Restart();
            var report = await new LogVerifier(log, audit.Tree, audit.Checkpoints(), audit.Verifier).VerifyAsync();
            Report($"verify the log ({report.Leaves} leaves, {report.Faults.Count} faults)", 2 * samples, clock);

            var prover = provider.GetRequiredService<Prover>();
            foreach (var e in events.Where((_, i) => i % (events.Count / 200) == 0))
            {
                if (ReferenceEquals(e, events[events.Count / 200 * 20]))
                    clock.Restart(); // warm
                await prover.ProveAsync(e.Id.Sample(17).ToString());
            }
            Console.WriteLine($"a proof: {clock.Elapsed.TotalMilliseconds / 180:F2} ms");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>Leaves of batches that were just made and repeat their series, as the server's are: not those of a list that lies anywhere in memory.</summary>
    private static void HashFresh(int polls, bool oneProject)
    {
        var (workload, hasher, versions) = (new Workload(ids: false), new EventHasher(), new Dictionary<StreamName, long>());
        var known = new SeriesKey[Workload.BatchesAPoll][];
        var (ticks, samples) = (0L, 0.0);
        for (var poll = 0; poll < polls; poll++)
        {
            for (var n = 0; n < known.Length; n++)
            {
                var batch = workload.Batch(poll, n);
                known[n] ??= oneProject ? [.. batch.Series.Select(k => new SeriesKey(k.Meter, k.Type, k.Unit, k.ResourceId, "one", k.UserId, k.Source))] : batch.Series;
                batch = new(known[n], batch.Timestamps, batch.Volumes, batch.Metadata) { RepeatsSeries = true };
                var e = new RecordedEvent(
                    1, EventId.New(), "samples-recorded", new EventBody.Samples(batch),
                    [.. batch.Streams().Select(s => new StreamVersion(s, versions[s] = versions.GetValueOrDefault(s) + 1))], Workload.Start, new("rest"));
                var before = Stopwatch.GetTimestamp();
                hasher.LeafHash(e);
                (ticks, samples) = poll == 0 ? (0, 0) : (ticks + Stopwatch.GetTimestamp() - before, samples + batch.Count);
            }
        }
        Console.WriteLine($"leaves of batches just made, {(oneProject ? "of one project" : "over 50 projects")}: {ticks * 1e9 / Stopwatch.Frequency / samples:F1} ns a sample");
    }

    private static async Task FillAsync(IEventStore log, int polls, bool oneProject)
    {
        var workload = new Workload(ids: false);
        var known = new Dictionary<SeriesKey, SeriesKey>();
        for (var poll = 0; poll < polls; poll++)
        {
            for (var n = 0; n < Workload.BatchesAPoll; n++)
            {
                var batch = workload.Batch(poll, n);
                if (oneProject)
                    batch = new([.. batch.Series.Select(Mine)], batch.Timestamps, batch.Volumes, batch.Metadata);
                await log.AppendAsync([new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])]);
            }
        }

        SeriesKey Mine(SeriesKey key) => known.TryGetValue(key, out var mine) ? mine
            : known[key] = new(key.Meter, key.Type, key.Unit, key.ResourceId, "one", key.UserId, key.Source);
    }

    private static void Report(string what, double samples, Stopwatch clock)
    {
        var cpu = Environment.CpuUsage.TotalTime;
        var seconds = (cpu - _cpu).TotalSeconds;
        Console.WriteLine($"{what}: {samples / clock.Elapsed.TotalSeconds / 1e6:F2} M samples/s, {samples / seconds / 1e6:F2} M per CPU-s, {seconds / samples * 1e9:F0} ns of CPU a sample");
        _cpu = Environment.CpuUsage.TotalTime;
    }
}
