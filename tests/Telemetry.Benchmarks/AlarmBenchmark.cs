using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Telemetry.Agents.Alarms;
using Telemetry.Api.Hosting;
using Telemetry.Api.V2;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Projections.Running;

namespace Telemetry.Benchmarks;

/// <summary>How many alarms are created a second, and what a cycle of the evaluator costs over the embedded stores.</summary>
internal static class AlarmBenchmark
{
    private const int Meters = 10;

    public static async Task RunAsync(int alarms, int resources)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
            services.AddEmbeddedStores(data).AddAlarms().AddAlarmAgents();
            await using var provider = services.BuildServiceProvider();
            var running = provider.GetServices<IHostedService>().Where(s => s is not (AlarmEvaluationService or EventAlarmListener)).ToList();
            foreach (var service in running)
                await service.StartAsync(CancellationToken.None);

            await CreateAsync(provider, alarms, resources);
            foreach (var (what, share) in ((string, int)[])[("all inputs new", 1), ("all inputs new", 1), ("a tenth new", 10), ("a tenth new", 10)])
            {
                await SampleAsync(provider, resources, share);
                using var process = Process.GetCurrentProcess();
                var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
                var transitions = await provider.GetRequiredService<AlarmEvaluator>().EvaluateAsync(DateTimeOffset.UtcNow, CancellationToken.None);
                process.Refresh();
                Console.WriteLine(
                    $"cycle of {alarms:N0} alarms over {resources:N0} resources, {what,-14}: {clock.Elapsed.TotalSeconds,6:F2} s, {(process.TotalProcessorTime - cpu).TotalSeconds,6:F2} CPU-s, {transitions:N0} transitions");
            }
            foreach (var service in running.AsEnumerable().Reverse())
                await service.StopAsync(CancellationToken.None);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task CreateAsync(ServiceProvider provider, int alarms, int resources)
    {
        var store = provider.GetRequiredService<AlarmStore>();
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, alarms, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (i, ct) =>
        {
            var rule = new ThresholdRule
            {
                MeterName = $"meter{i / resources % Meters}",
                Threshold = 50,
                Comparison = Domain.Queries.Comparison.Greater,
                Query = [new("resource_id", "eq", $"r{i % resources}"), new("project_id", "eq", $"p{i % resources % 100}")],
            };
            var definition = new AlarmDefinition(
                $"alarm {i}", rule.DefaultDescription, rule, true, AlarmSeverity.Low, [], [], [], false, [], "u", $"p{i % resources % 100}");
            await store.CreateAsync(new(Guid.NewGuid().ToString(), definition, AlarmState.InsufficientData, new("u", "p", "p"), store.Now), ct);
        });
        Console.WriteLine($"{alarms / clock.Elapsed.TotalSeconds:N0} alarms created a second");
    }

    /// <summary>One sample now of every meter on one in so many resources.</summary>
    private static async Task SampleAsync(ServiceProvider provider, int resources, int share)
    {
        var (now, random) = (UnixMicroseconds.From(DateTimeOffset.UtcNow), new Random());
        var series = Enumerable.Range(0, resources).Where(r => r % share == 0).SelectMany(r => Enumerable.Range(0, Meters).Select(m =>
            new SeriesKey($"meter{m}", SampleType.Gauge, "%", $"r{r}", $"p{r % 100}", "u", "openstack"))).ToArray();
        var batch = new SampleBatch(
            series, [.. series.Select(_ => now - 1_000_000)], [.. series.Select(_ => (double)random.Next(100))], [.. series.Select(_ => Metadata.Empty)]);
        var stored = await provider.GetRequiredService<IEventStore>().AppendAsync(
            [new NewEvent(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])]);
        await provider.GetRequiredService<ProjectionRunner>().WaitForAsync(stored.Position, TimeSpan.FromMinutes(5));
    }
}
