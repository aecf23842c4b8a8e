using System.Diagnostics;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Telemetry.Benchmarks;

/// <summary>What GraphQL adds to a read over HTTP, and how fast a change of an alarm reaches many subscribers.</summary>
internal static class GraphQLServerBenchmark
{
    private const int Sockets = 10, PerSocket = 100, Changes = 50;

    public static async Task RunAsync(int polls)
    {
        var data = Directory.CreateTempSubdirectory("telemetry-bench-").FullName;
        try
        {
            var (server, _) = await ServerProcess.StartAsync(data);
            await using (server)
            {
                IngestBenchmark.Load(server.Url, "compact", 4, polls);
                CompareWithRest(server.Url);
                await SubscribeAsync(server);
            }
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    /// <summary>The same statistics by REST and by GraphQL, in turns, on one connection: what the machine does else hits both.</summary>
    private static void CompareWithRest(Uri server)
    {
        var from = Workload.Start.AddDays(-1);
        var to = Workload.Start.AddDays(30);
        var rest = $"/v2/meters/cpu_util/statistics?q.field=timestamp&q.op=ge&q.value={from:yyyy-MM-ddTHH:mm:ss}&q.field=timestamp&q.op=lt&q.value={to:yyyy-MM-ddTHH:mm:ss}"
            + $"&q.field=resource_id&q.op=eq&q.value={Workload.ResourceId(0)}&period=3600&aggregate.func=avg";
        var graphql = "/graphql?query=" + Uri.EscapeDataString(
            $"{{ statistics(meter: \"cpu_util\", range: {{from: \"{from:yyyy-MM-ddTHH:mm:ssZ}\", to: \"{to:yyyy-MM-ddTHH:mm:ssZ}\"}}, period: \"PT1H\", "
            + $"where: {{resource: {{eq: \"{Workload.ResourceId(0)}\"}}}}) {{ buckets {{ from avg }} }} }}");
        using var client = new LoadClient(server);
        var (byRest, byGraphQL) = (new List<double>(), new List<double>());
        for (var i = 0; i < 1_000; i++)
        {
            var (a, b) = (client.Get(rest).Milliseconds, client.Get(graphql).Milliseconds);
            if (i < 200)
                continue;
            byRest.Add(a);
            byGraphQL.Add(b);
        }
        byRest.Sort();
        byGraphQL.Sort();
        Console.WriteLine($"statistics of one series by REST:          median {byRest[byRest.Count / 2]:F3} ms, least {byRest[0]:F3} ms");
        Console.WriteLine($"the same by GraphQL, document cached:      median {byGraphQL[byGraphQL.Count / 2]:F3} ms, least {byGraphQL[0]:F3} ms");
        Console.WriteLine($"GraphQL adds:                              median {byGraphQL[byGraphQL.Count / 2] - byRest[byRest.Count / 2]:F3} ms, least {byGraphQL[0] - byRest[0]:F3} ms");
    }

    private static async Task SubscribeAsync(ServerProcess server)
    {
        using var client = new HttpClient { BaseAddress = server.Url };
        using var made = await client.PostAsync("/v2/alarms", Json("""{"name":"watched","type":"threshold","threshold_rule":{"meter_name":"none","threshold":1.0}}"""));
        var id = JsonDocument.Parse(await made.Content.ReadAsStringAsync()).RootElement.GetProperty("alarm_id").GetString();
        var received = new Received();
        using var end = new CancellationTokenSource();
        var readers = new List<Task>();
        for (var i = 0; i < Sockets; i++)
            readers.Add(ReadAsync(await OpenAsync(server.Url), received, end.Token));

        // Until all have subscribed: changes are told to more and more of them.
        var took = new List<double>();
        double? before = null;
        for (var n = 0; took.Count < Changes; n++)
        {
            var all = received.Expect(Sockets * PerSocket);
            var clock = Stopwatch.StartNew();
            using (await client.PutAsync($"/v2/alarms/{id}/state", Json(n % 2 == 0 ? "\"alarm\"" : "\"ok\"")))
            {
            }
            if (await Task.WhenAny(all, Task.Delay(2_000)) != all)
                continue;
            took.Add(clock.Elapsed.TotalMilliseconds);
            if (took.Count == 5)
                before = server.ResidentMegabytes;
        }
        var after = server.ResidentMegabytes;
        took.Sort();
        Console.WriteLine($"a change to {Sockets * PerSocket:N0} subscribers, from the PUT on: median {took[took.Count / 2]:F1} ms, worst {took[^1]:F1} ms; memory {before:F0} MB, {Changes - 5} changes later {after:F0} MB");
        await end.CancelAsync();
        await Task.WhenAll(readers);
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task<ClientWebSocket> OpenAsync(Uri server)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("graphql-transport-ws");
        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/graphql" }.Uri, CancellationToken.None);
        await SendAsync("""{"type":"connection_init"}""");
        for (var i = 0; i < PerSocket; i++)
            await SendAsync($$$"""{"id":"{{{i}}}","type":"subscribe","payload":{"query":"subscription { alarmStateChanged { to at alarm { name } } }"}}""");
        return socket;

        Task SendAsync(string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
    }

    private static async Task ReadAsync(ClientWebSocket socket, Received received, CancellationToken ct)
    {
        using (socket)
        {
            var buffer = new byte[16_384];
            try
            {
                while (true)
                {
                    var read = await socket.ReceiveAsync(buffer, ct);
                    var message = buffer.AsMemory(0, read.Count);
                    if (message.Span.IndexOf("\"ping\""u8) >= 0)
                        await socket.SendAsync("""{"type":"pong"}"""u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, ct);
                    else if (message.Span.IndexOf("\"next\""u8) >= 0)
                        received.Count();
                }
            }
            catch (OperationCanceledException)
            {
                // Enough was measured.
            }
        }
    }

    private sealed class Received
    {
        private readonly Lock _lock = new();
        private TaskCompletionSource _all = new();
        private int _left;

        public Task Expect(int count)
        {
            lock (_lock)
            {
                (_left, _all) = (count, new(TaskCreationOptions.RunContinuationsAsynchronously));
                return _all.Task;
            }
        }

        public void Count()
        {
            lock (_lock)
            {
                if (--_left == 0)
                    _all.TrySetResult();
            }
        }
    }
}
