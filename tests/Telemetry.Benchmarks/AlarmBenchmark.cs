using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Agents.Alarms;
using Telemetry.Api.Hosting;
using Telemetry.Api.V2;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Streams;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Running;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Benchmarks;

/// <summary>What alarms cost over the embedded stores: creating them, cycles of the evaluator, and events on their way to webhooks.</summary>
internal static class AlarmBenchmark
{
    private const int Meters = 10;
    private const int Period = 600;

    /// <summary>Creates threshold alarms and evaluates them on a clock of its own, a minute a cycle.</summary>
    public static async Task RunAsync(int alarms, int resources)
    {
        await using var server = await Server.StartAsync();
        await CreateAsync(server, alarms, resources);
        var now = new DateTimeOffset(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerHour * TimeSpan.TicksPerHour, TimeSpan.Zero);
        var values = new double[resources];
        var random = new Random(1);

        // Everything new, and every alarm changes for the first time; then once more with one of a hundred.
        for (var i = 0; i < 3; i++)
        {
            now += TimeSpan.FromSeconds(60);
            await SampleAsync(server, now, Enumerable.Range(0, resources), values, random);
            await CycleAsync(server, now, i == 0 ? "all inputs new, all alarms change" : "all inputs new, 1 in 100 changes", print: true);
        }
        // Every resource reports once in its period, a tenth of them a minute: the windows of a tenth have something else in them.
        for (var minute = 0; minute < 25; minute++)
        {
            now += TimeSpan.FromSeconds(60);
            await SampleAsync(server, now, Enumerable.Range(0, resources).Where(r => r % 10 == minute % 10), values, random);
            await CycleAsync(server, now, "a tenth new, 1 in 100 of it changes", print: minute >= 20);
        }
        await CycleAsync(server, now, "nothing new", print: true);
        await CycleAsync(server, now, "nothing new", print: true);
    }

    /// <summary>Stores telemetry events at a rate; one in so many fires an alarm. From the call that stores the event to the webhook's request.</summary>
    public static async Task RunEventsAsync(int rules, int rate, int seconds)
    {
        const int projects = 100, fires = 20, batch = 10;
        await using var server = await Server.StartAsync();
        var sent = new ConcurrentDictionary<string, long>();
        var took = new ConcurrentBag<double>();
        await using var webhook = await WebhookAsync(id => took.Add(Stopwatch.GetElapsedTime(sent[id]).TotalMilliseconds));
        var store = server.Get<AlarmStore>();
        await Parallel.ForAsync(0, rules, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (i, ct) =>
        {
            var rule = new EventRule { EventType = "compute.instance.*", Query = [new("traits.instance_id", "eq", $"i{i / projects}", "string")] };
            await CreateAsync(store, i, rule, $"p{i % projects}", [webhook.Urls.Single() + "/"], ct);
        });
        var listener = server.Get<EventAlarmListener>();
        await listener.StartAsync(CancellationToken.None);
        var log = server.Get<IEventStore>();
        using var process = Process.GetCurrentProcess();
        var (cpu, clock, appends, fired) = (process.TotalProcessorTime, Stopwatch.StartNew(), new List<Task>(), 0);
        for (var n = 0; n < rate * seconds; n += batch)
        {
            var due = TimeSpan.FromSeconds((double)n / rate) - clock.Elapsed;
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            var events = Enumerable.Range(n, batch).Select(i =>
            {
                // One in so many is about an instance that a rule names.
                var instance = i % fires == 0 ? $"i{i / fires % (rules / projects)}" : "other";
                fired += i % fires == 0 ? 1 : 0;
                return new TelemetryEvent($"m{i}", "compute.instance.update", UnixMicroseconds.From(DateTimeOffset.UtcNow), [
                    new("project_id", QueryValue.Of($"p{i / batch % projects}")), new("instance_id", QueryValue.Of(instance)), new("state", QueryValue.Of("active"))]);
            }).ToList();
            foreach (var e in events)
                sent[e.MessageId] = Stopwatch.GetTimestamp();
            appends.Add(log.AppendAsync(
                [new NewEvent(EventId.New(), TelemetryEventsRecorded.Name, TelemetryEventsRecorded.Write(events), [new(TelemetryEventStreams.Of(events[0]))])]));
        }
        await Task.WhenAll(appends);
        var stored = clock.Elapsed;
        while (took.Count < fired && clock.Elapsed < stored + TimeSpan.FromSeconds(10))
            await Task.Delay(50);
        process.Refresh();
        var sorted = took.Order().ToList();
        double Percentile(double p) => sorted[(int)Math.Min(sorted.Count - 1, sorted.Count * p)];
        Console.WriteLine(
            $"{rules:N0} event alarms, {rate * seconds / stored.TotalSeconds:N0} events/s for {seconds} s, {fired:N0} of them fire: {took.Count:N0} webhooks called, from the event to its webhook p50 {Percentile(0.5):F1}, p99 {Percentile(0.99):F1}, most {sorted[^1]:F1} ms; {(process.TotalProcessorTime - cpu).TotalSeconds / clock.Elapsed.TotalSeconds:P0} of a core");
        await listener.StopAsync(CancellationToken.None);
    }

    private static async Task CycleAsync(Server server, DateTimeOffset now, string what, bool print)
    {
        using var process = Process.GetCurrentProcess();
        var (cpu, clock) = (process.TotalProcessorTime, Stopwatch.StartNew());
        var cycle = await server.Get<AlarmEvaluator>().EvaluateAsync(now, CancellationToken.None);
        process.Refresh();
        if (print)
        {
            Console.WriteLine(
                $"{what,-36}: {clock.Elapsed.TotalSeconds,6:F2} s, {(process.TotalProcessorTime - cpu).TotalSeconds,6:F2} CPU-s; {cycle.Windows:N0} windows read, {cycle.Alarms:N0} alarms looked at, {cycle.Transitions:N0} transitions");
        }
    }

    private static async Task CreateAsync(Server server, int alarms, int resources)
    {
        var store = server.Get<AlarmStore>();
        var clock = Stopwatch.StartNew();
        await Parallel.ForAsync(0, alarms, new ParallelOptions { MaxDegreeOfParallelism = 256 }, async (i, ct) =>
        {
            var rule = new ThresholdRule
            {
                MeterName = $"meter{i / resources % Meters}",
                Threshold = 50,
                PeriodSeconds = Period,
                Comparison = Comparison.Greater,
                Query = [new("resource_id", "eq", $"r{i % resources}"), new("project_id", "eq", $"p{i % resources % 100}")],
            };
            await CreateAsync(store, i, rule, $"p{i % resources % 100}", [], ct);
        });
        Console.WriteLine($"{alarms:N0} alarms over {resources:N0} resources: {alarms / clock.Elapsed.TotalSeconds:N0} created a second");
    }

    private static async Task CreateAsync(AlarmStore store, int i, AlarmRule rule, string project, IReadOnlyList<string> actions, CancellationToken ct)
    {
        var definition = new AlarmDefinition($"alarm {i}", rule.DefaultDescription, rule, true, AlarmSeverity.Low, [], actions, [], actions.Count > 0, [], "u", project);
        await store.CreateAsync(new(Guid.NewGuid().ToString(), definition, AlarmState.InsufficientData, new("u", "p", "p"), store.Now), ct);
    }

    /// <summary>One sample of every meter on some resources, a second before an instant; one in a hundred is on the other side of the threshold than it was.</summary>
    private static async Task SampleAsync(Server server, DateTimeOffset now, IEnumerable<int> resources, double[] values, Random random)
    {
        var chosen = resources.ToList();
        foreach (var r in chosen)
            values[r] = values[r] == 0 ? random.Next(2) * 60 + 10 : random.Next(100) == 0 ? 80 - values[r] : values[r];
        var series = chosen.SelectMany(r => Enumerable.Range(0, Meters).Select(m =>
            new SeriesKey($"meter{m}", SampleType.Gauge, "%", $"r{r}", $"p{r % 100}", "u", "openstack"))).ToArray();
        var batch = new SampleBatch(
            series, [.. series.Select(_ => UnixMicroseconds.From(now) - 1_000_000)], [.. chosen.SelectMany(r => Enumerable.Repeat(values[r], Meters))],
            [.. series.Select(_ => Metadata.Empty)]);
        var stored = await server.Get<IEventStore>().AppendAsync(
            [new NewEvent(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))])]);
        await server.Get<ProjectionRunner>().WaitForAsync(stored.Position, TimeSpan.FromMinutes(5));
    }

    private static async Task<WebApplication> WebhookAsync(Action<string> called)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.Run(async context =>
        {
            using var body = await System.Text.Json.JsonDocument.ParseAsync(context.Request.Body);
            called(body.RootElement.GetProperty("reason_data").GetProperty("event").GetProperty("message_id").GetString()!);
        });
        await app.StartAsync();
        return app;
    }

    /// <summary>The stores and what acts on alarms, without a clock.</summary>
    private sealed class Server : IAsyncDisposable
    {
        private readonly string _data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        private readonly ServiceProvider _services;
        private readonly List<IHostedService> _running;

        private Server()
        {
            var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
            services.AddEmbeddedStores(_data).AddAlarms().AddAlarmAgents();
            _services = services.BuildServiceProvider();
            _running = [.. _services.GetServices<IHostedService>().Where(s => s is not (AlarmEvaluationService or EventAlarmListener))];
        }

        public static async Task<Server> StartAsync()
        {
            var server = new Server();
            foreach (var service in server._running)
                await service.StartAsync(CancellationToken.None);
            return server;
        }

        public T Get<T>() where T : notnull => _services.GetRequiredService<T>();

        public async ValueTask DisposeAsync()
        {
            foreach (var service in _running.AsEnumerable().Reverse())
                await service.StopAsync(CancellationToken.None);
            await _services.DisposeAsync();
            Directory.Delete(_data, recursive: true);
        }
    }
}
