using System.Diagnostics;
using System.Text;
using Telemetry.Domain.Metering;

namespace Telemetry.Benchmarks;

/// <summary>Telemetry events as Nova's notifications give them: how fast they are stored, on how many bytes, and how fast conditions on their traits answer.</summary>
internal static class EventBenchmark
{
    private const int Projects = 200;
    private const int EventsAnInstance = 10;

    /// <summary>One event of so many has a trait that the others have not; all of them are of project 0.</summary>
    private const int RareEvery = 10_000;

    private static readonly string[] Types = ["create.start", "create.end", "update", "update", "update", "exists", "power_off.end", "power_on.end", "delete.start", "delete.end"];
    private static readonly string[] States = ["building", "active", "active", "active", "active", "active", "stopped", "active", "active", "deleted"];

    /// <param name="store">Null for SQLite; <c>postgres</c> for log and read models in PostgreSQL.</param>
    public static async Task RunAsync(int events, int batch, string? store = null)
    {
        await using var stores = await LogUnderTest.CreateAsync(store ?? "sqlite", models: true);
        var (server, _) = await ServerProcess.StartAsync(stores.Data, stores.Settings);
        await using (server)
        {
            var took = Load(server, events, batch);
            Console.WriteLine($"{events:N0} events in bodies of {batch:N0}: {events / took.TotalSeconds:N0} events/s until they can be queried, {server.CpuSeconds / events * 1e6:F0} µs of CPU each, peak {server.PeakMegabytes:F0} MB");
            Ask(server.Url, events);
            await server.StopAsync();
        }
        var (log, readModel) = (await stores.BytesAsync(), await stores.ReadModelBytesAsync());
        Console.WriteLine($"log {log / (double)events:F0} B/event, read model {readModel / (double)events:F0} B/event; a million: {(log + readModel) / (double)events / 1000:F2} GB");
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
        var (project, memory, at) = (Project(instance % Projects), 512 << (instance % 5), At(n));
        (string Name, string Type, string Value)[] traits =
        [
            ("service", "string", "compute"), ("request_id", "string", $"req-{Id(3, n / 2)}"), ("project_id", "string", project), ("tenant_id", "string", project),
            ("user_id", "string", Id(2, instance % Projects).Replace("-", "", StringComparison.Ordinal)), ("instance_id", "string", Id(4, instance)),
            ("display_name", "string", $"instance-{instance}"), ("host", "string", $"compute-{instance % 100}"), ("state", "string", States[step]),
            ("memory_mb", "integer", $"{memory}"), ("vcpus", "integer", $"{memory / 512}"), ("launched_at", "datetime", at),
        ];
        var list = traits.Select(t => $$"""{"name":"{{t.Name}}","type":"{{t.Type}}","value":"{{t.Value}}"}""");
        if (n % RareEvery == 0)
            list = list.Append($$"""{"name":"fault","type":"string","value":"fault {{n}}"}""");
        return $$"""{"message_id":"{{Id(5, n)}}","event_type":"compute.instance.{{Types[step]}}","generated":"{{at}}","traits":[{{string.Join(',', list)}}]}""";
    }

    private static string At(int n) => UnixMicroseconds.Format(Workload.Start.ToUnixTimeMilliseconds() * 1_000 + (n * 100_000L));

    private static string Project(int n) => Id(1, n).Replace("-", "", StringComparison.Ordinal);

    // Spread as random ids are, and the same in every run.
    private static string Id(int kind, int n) => new Guid(unchecked((int)(n * 2654435761u)), (short)n, (short)kind, BitConverter.GetBytes((n + ((long)kind << 40)) * 0x5851f42d4c957f2d)).ToString();

    private static void Ask(Uri server, int events)
    {
        using var client = new LoadClient(server);
        var (middle, last) = (At(events / 2), At(events - 100));
        var instances = events / EventsAnInstance;
        foreach (var (name, path) in new (string, Func<int, string>)[]
        {
            ("one instance", i => $"?q.field=instance_id&q.value={Id(4, i * Projects % instances)}"),
            ("one request", i => $"?q.field=request_id&q.value={Id(3, i)}"),
            ("one message", i => $"/{Id(5, i * Projects)}"),
            ("a host, 100 rows", i => "?q.field=host&q.value=compute-0"),
            ("a host that others have", i => "?q.field=host&q.value=compute-1"),
            ("a state and a type, 100 rows", i => "?q.field=state&q.value=active&q.field=event_type&q.value=compute.instance.exists"),
            ("a state and a type that exclude each other", i => "?q.field=state&q.value=active&q.field=event_type&q.value=compute.instance.create.start"),
            ("a number under a bound, 100 rows", i => "?q.field=memory_mb&q.op=lt&q.value=4000&q.type=integer"),
            ("a number over a bound that others exceed", i => "?q.field=memory_mb&q.op=gt&q.value=4000&q.type=integer"),
            ("a number over a bound that none exceeds", i => "?q.field=memory_mb&q.op=gt&q.value=10000&q.type=integer"),
            ("not a state, 100 rows", i => "?q.field=state&q.op=ne&q.value=active"),
            ("not a request, 100 rows", i => $"?q.field=request_id&q.op=ne&q.value={Id(3, i)}"),
            ("not the only value", i => "?q.field=service&q.op=ne&q.value=compute"),
            ("a rare trait, not a value, 100 rows", i => "?q.field=fault&q.op=ne&q.value=fault%200"),
            ("a range of a rare trait", i => "?q.field=fault&q.op=ge&q.value=fault%209"),
            ("a range of names, 100 rows", i => "?q.field=display_name&q.op=ge&q.value=instance-5"),
            ("a range of names with few", i => "?q.field=display_name&q.op=ge&q.value=instance-998"),
            ("launched in the second half, 100 rows", i => $"?q.field=launched_at&q.op=ge&q.value={middle}&q.type=datetime"),
            ("launched last of all", i => $"?q.field=launched_at&q.op=ge&q.value={last}&q.type=datetime"),
            ("launched in the second half, generated before", i => $"?q.field=launched_at&q.op=ge&q.value={middle}&q.type=datetime&q.field=end_timestamp&q.op=le&q.value={At((events / 2) - 100)}"),
            ("generated since long ago, a host that others have", i => "?q.field=start_timestamp&q.op=ge&q.value=2000-01-01T00:00:00&q.field=host&q.value=compute-1"),
            ("generated lately, 100 rows", i => $"?q.field=start_timestamp&q.op=ge&q.value={At(events - (events / 20))}"),
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
            Console.WriteLine($"{name,-50} p50 {took[took.Count / 2],8:F2} ms, least {took[0],8:F2} ms, most {took[^1],8:F2} ms, {bytes:N0} bytes");
        }
    }
}
