using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.Hosting;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Rating;

namespace Telemetry.Benchmarks;

/// <summary>A project's month of 10,000 instances x 10 meters, one sample a minute, written to the log directly: rated out of it, and replayed over REST by a server process.</summary>
internal static class ReplayBenchmark
{
    private const int Instances = 10_000;
    private const string Project = "one";

    /// <param name="rounds">How often the month is replayed in each form, one after another; 0: it is rated.</param>
    public static async Task RunAsync(int minutes, int rounds)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            var samples = minutes * Instances * 10.0;
            await using (var provider = Services(data))
            {
                var log = provider.GetRequiredService<IEventStore>();
                var clock = Stopwatch.StartNew();
                await FillAsync(log, minutes);
                Console.WriteLine($"{samples / 1e6:F0} M samples appended in {clock.Elapsed.TotalSeconds:F1} s, {new FileInfo(Path.Combine(data, "events.db")).Length / samples:F1} bytes a sample");
            }
            if (rounds > 0)
                await ReplayAsync(data, samples, rounds);
            else
                await RateAsync(data, samples);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>What a command does: the log is opened, and the month rated.</summary>
    private static async Task RateAsync(string data, double samples)
    {
        await using var provider = Services(data);
        var log = provider.GetRequiredService<IEventStore>();
        var tariff = TariffReader.Read(Encoding.UTF8.GetBytes(AuditBenchmark.Rules));
        for (var run = 0; run < (samples > 5e7 ? 1 : 3); run++)
        {
            GC.Collect();
            var (clock, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            var rating = await new Rater(log).RateAsync(new(Project, UnixMicroseconds.From(Workload.Start), tariff));
            var (wall, used) = (clock.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - cpu).TotalSeconds);
            if (rating.Samples != (long)samples)
                throw new InvalidOperationException($"{rating.Samples} samples were rated.");
            Console.WriteLine(
                $"rated in {wall:F2} s, {wall * 1e8 / samples:F1} s for 100 M samples; {samples / wall / 1e6:F1} M samples/s, {samples / used / 1e6:F1} M per CPU-second; "
                + $"{rating.Lines.Count} lines, {Environment.WorkingSet >> 20} MB resident");
        }
    }

    private static async Task ReplayAsync(string data, double samples, int rounds)
    {
        var (server, _) = await ServerProcess.StartAsync(data);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url, Timeout = Timeout.InfiniteTimeSpan };
            client.DefaultRequestHeaders.Add("X-Roles", "admin");
            foreach (var type in Enumerable.Repeat((string[])["application/vnd.telemetry.samples+ndjson", "application/x-ndjson"], rounds).SelectMany(t => t))
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"/v2/streams/samples-{Project}-2026-01");
                request.Headers.Add("Accept", type);
                var (clock, cpu, memory) = (Stopwatch.StartNew(), server.CpuSeconds, new List<double>());
                using var response = (await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead)).EnsureSuccessStatusCode();
                await using var body = await response.Content.ReadAsStreamAsync();
                var (buffer, bytes, lines) = (new byte[1 << 20], 0L, 0L);
                var perLine = type.Contains("samples", StringComparison.Ordinal) ? 1 : Workload.BatchSize;
                for (int read; (read = await body.ReadAsync(buffer)) > 0;)
                {
                    bytes += read;
                    lines += buffer.AsSpan(0, read).Count((byte)'\n');
                    if (lines * perLine >= (memory.Count + 1) * samples / 10)
                        memory.Add(server.ResidentMegabytes);
                }
                var wall = clock.Elapsed.TotalSeconds;
                Console.WriteLine(
                    $"{type}: {lines * perLine / 1e6:F1} M samples in {wall:F1} s, {lines * perLine / wall / 1e6:F2} M samples/s, {bytes / wall / 1e6:F0} MB/s, "
                    + $"{lines * perLine / (server.CpuSeconds - cpu) / 1e6:F2} M per CPU-second of the server; resident MB after each tenth: {string.Join(' ', memory.Select(m => m.ToString("F0")))}, {server.FileMegabytes:F0} of it files");
            }
        }
    }

    private static async Task FillAsync(IEventStore log, int minutes)
    {
        var workloads = Enumerable.Range(0, Instances / 1_000).Select(n => new Workload(ids: false)).ToList();
        var known = new Dictionary<(int, SeriesKey), SeriesKey>();
        var appending = new Queue<Task>();
        for (var minute = 0; minute < minutes; minute++)
        {
            for (var n = 0; n < workloads.Count; n++)
            {
                for (var b = 0; b < Workload.BatchesAPoll; b++)
                {
                    var batch = workloads[n].Batch(minute, b);
                    batch = new([.. batch.Series.Select(s => Mine(n, s))], batch.Timestamps, batch.Volumes, batch.Metadata);
                    appending.Enqueue(log.AppendAsync([new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])]));
                    if (appending.Count > 64)
                        await appending.Dequeue();
                }
            }
        }
        await Task.WhenAll(appending);

        SeriesKey Mine(int n, SeriesKey key) => known.TryGetValue((n, key), out var mine) ? mine
            : known[(n, key)] = new(key.Meter, key.Type, key.Unit, $"{n}-{key.ResourceId}", Project, key.UserId, key.Source);
    }

    private static ServiceProvider Services(string data)
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddEmbeddedStores(data, start: false);
        return services.BuildServiceProvider();
    }
}
