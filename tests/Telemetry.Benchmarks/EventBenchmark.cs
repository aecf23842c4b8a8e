using System.Diagnostics;
using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Benchmarks;

/// <summary>Telemetry events as Nova's notifications give them: how fast they are stored, on how many bytes, and how fast conditions on their traits answer.</summary>
internal static class EventBenchmark
{
    private const int Projects = 200;
    private const int EventsAnInstance = 10;

    private static readonly string[] Types = ["create.start", "create.end", "update", "update", "update", "exists", "power_off.end", "power_on.end", "delete.start", "delete.end"];
    private static readonly string[] States = ["building", "active", "active", "active", "active", "active", "stopped", "active", "active", "deleted"];

    public static async Task RunAsync(int events, int batch)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            var (server, _) = await ServerProcess.StartAsync(data);
            await using (server)
            {
                var took = Load(server, events, batch);
                Console.WriteLine($"{events:N0} events in bodies of {batch:N0}: {events / took.TotalSeconds:N0} events/s until they can be queried, {server.CpuSeconds / events * 1e6:F0} µs of CPU each, peak {server.PeakMegabytes:F0} MB");
                Ask(server.Url, events);
                await server.StopAsync();
            }
            var readModel = Directory.EnumerateFiles(data, "read-model.db*").Sum(f => new FileInfo(f).Length);
            var log = IngestBenchmark.LogBytes(data);
            Console.WriteLine($"log {log / (double)events:F0} B/event, read model {readModel / (double)events:F0} B/event; a million: {(log + readModel) / (double)events / 1000:F2} GB");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    private static TimeSpan Load(ServerProcess server, int events, int batch)
    {
        using var client = new LoadClient(server.Url);
        var start = Stopwatch.GetTimestamp();
        for (var first = 0; first < events; first += batch)
            client.Post(new LoadBody(
                "application/json", Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Range(first, Math.Min(batch, events - first)).Select(Event))}]"), Path: "/v2/events"));
        return Stopwatch.GetElapsedTime(start);
    }

    private static string Event(int n)
    {
        // Ten thousand instances live at a time, each through ten events.
        var instance = (n / (10_000 * EventsAnInstance) * 10_000) + (n % 10_000);
        var step = n / 10_000 % EventsAnInstance;
        var (project, memory, at) = (Project(instance % Projects), 512 << (instance % 5), UnixMicroseconds.Format(Workload.Start.ToUnixTimeMilliseconds() * 1_000 + (n * 100_000L)));
        (string Name, string Type, string Value)[] traits =
        [
            ("service", "string", "compute"), ("request_id", "string", $"req-{Id(3, n / 2)}"), ("project_id", "string", project), ("tenant_id", "string", project),
            ("user_id", "string", Id(2, instance % Projects).Replace("-", "", StringComparison.Ordinal)), ("instance_id", "string", Id(4, instance)),
            ("display_name", "string", $"instance-{instance}"), ("host", "string", $"compute-{instance % 100}"), ("state", "string", States[step]),
            ("memory_mb", "integer", $"{memory}"), ("vcpus", "integer", $"{memory / 512}"), ("launched_at", "datetime", at),
        ];
        var list = traits.Select(t => $$"""{"name":"{{t.Name}}","type":"{{t.Type}}","value":"{{t.Value}}"}""");
        return $$"""{"message_id":"{{Id(5, n)}}","event_type":"compute.instance.{{Types[step]}}","generated":"{{at}}","traits":[{{string.Join(',', list)}}]}""";
    }

    private static string Project(int n) => Id(1, n).Replace("-", "", StringComparison.Ordinal);

    // Spread as random ids are, and the same in every run.
    private static string Id(int kind, int n) => new Guid(unchecked((int)(n * 2654435761u)), (short)n, (short)kind, BitConverter.GetBytes((n + ((long)kind << 40)) * 0x5851f42d4c957f2d)).ToString();

    private static void Ask(Uri server, int events)
    {
        using var client = new LoadClient(server);
        var last = UnixMicroseconds.Format(Workload.Start.ToUnixTimeMilliseconds() * 1_000 + ((events - 100) * 100_000L));
        var instances = events / EventsAnInstance;
        foreach (var (name, path) in new (string, Func<int, string>)[]
        {
            ("one instance", i => $"?q.field=instance_id&q.value={Id(4, i * Projects % instances)}"),
            ("one request", i => $"?q.field=request_id&q.value={Id(3, i)}"),
            ("one message", i => $"/{Id(5, i * Projects)}"),
            ("a host, 100 rows", i => "?q.field=host&q.value=compute-0"),
            ("a state and a type, 100 rows", i => "?q.field=state&q.value=active&q.field=event_type&q.value=compute.instance.exists"),
            ("memory over 4000, 100 rows", i => "?q.field=memory_mb&q.op=gt&q.value=4000&q.type=integer"),
            ("state is not active, 100 rows", i => "?q.field=state&q.op=ne&q.value=active"),
            ("launched last of all", i => $"?q.field=launched_at&q.op=ge&q.value={last}&q.type=datetime"),
            ("no such value", i => "?q.field=host&q.value=nosuch"),
            ("the first 100", i => ""),
        })
        {
            var (bytes, took) = (0, new List<double>());
            for (var i = 0; i < 120; i++)
            {
                (var milliseconds, bytes) = client.Get($"/v2/events{path(i)}", Project(0));
                if (i >= 20)
                    took.Add(milliseconds);
            }
            took.Sort();
            Console.WriteLine($"{name,-32} p50 {took[took.Count / 2],8:F2} ms, least {took[0],8:F2} ms, p99 {took[^1],8:F2} ms, {bytes:N0} bytes");
        }
    }
}
