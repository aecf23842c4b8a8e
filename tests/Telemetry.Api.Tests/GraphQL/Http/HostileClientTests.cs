using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.Http;

/// <summary>Clients that mean harm, over real connections to Kestrel: each is ended in its time, and the next client is served.</summary>
public sealed class HostileClientTests
{
    private const int Minute = 60_000;
    private const string Subscribe = """{"id":"1","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="time">What the endpoint measures its patience by, which then is what it is by default: a second.</param>
    private static Task<TestHost> HostAsync(Action<GraphQLServerOptions>? options = null, TimeProvider? time = null) =>
        TestHost.StartOnPortAsync(b =>
        {
            if (time is not null)
            {
                b.ModifyServerOptions(o => o.ClientTimeout = new GraphQLServerOptions().ClientTimeout);
                b.Services.Replace(ServiceDescriptor.Singleton(time));
            }

            b.ModifyServerOptions(o => options?.Invoke(o));
        });

    /// <summary>Moves the time on, a tenth of a second at a time, until something is so.</summary>
    /// <returns>How far.</returns>
    private static async Task<TimeSpan> MoveUntilAsync(ManualTime time, Func<bool> condition)
    {
        var step = TimeSpan.FromSeconds(0.1);
        var moved = TimeSpan.Zero;
        await Poll.UntilAsync(() =>
        {
            if (condition())
                return true;
            time.Advance(step);
            moved += step;
            return false;
        });
        return moved;
    }

    /// <summary>A socket whose system keeps little for it: what is not read soon blocks the sender.</summary>
    private static async Task<ClientWebSocket> OpenAsync(TestHost host, params string[] messages)
    {
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = static async (context, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 16_384, NoDelay = true };
                await socket.ConnectAsync(context.DnsEndPoint, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        var client = new ClientWebSocket();
        client.Options.AddSubProtocol("graphql-transport-ws");
        client.Options.KeepAliveInterval = TimeSpan.Zero;
        await client.ConnectAsync(new(host.Url.Replace("http:", "ws:", StringComparison.Ordinal)), invoker, Ct);
        foreach (var message in messages)
            await SendAsync(client, message);
        return client;
    }

    private static Task SendAsync(WebSocket socket, string message) => socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Ct);

    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        var message = new MemoryStream();
        var part = new byte[16_384];
        while (true)
        {
            var read = await socket.ReceiveAsync(part, Ct);
            if (read.MessageType == WebSocketMessageType.Close)
                return $"closed {(int)read.CloseStatus!}";
            message.Write(part, 0, read.Count);
            if (read.EndOfMessage)
                return Encoding.UTF8.GetString(message.ToArray());
        }
    }

    private static async Task<(HttpStatusCode Status, JsonNode Body)> PostAsync(TestHost host, JsonNode request)
    {
        using var client = new HttpClient();
        using var response = await client.PostAsJsonAsync(host.Url, request, Ct);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!);
    }

    private static async Task AssertLivesAsync(TestHost host) =>
        Assert.Equal("Query", (await PostAsync(host, new JsonObject { ["query"] = "{ __typename }" })).Body["data"]!["__typename"]!.GetValue<string>());

    /// <summary>The best of three, each a document that no cache knows: another test may have the processor.</summary>
    private static async Task WithinASecondAsync(string document, Func<string, Task> attempt)
    {
        var best = TimeSpan.MaxValue;
        for (var i = 0; i < 3 && best >= TimeSpan.FromSeconds(1); i++)
        {
            var clock = Stopwatch.StartNew();
            await attempt($"{document} #{i}");
            best = clock.Elapsed < best ? clock.Elapsed : best;
        }

        Assert.True(best < TimeSpan.FromSeconds(1), $"It took {best}: {document[..Math.Min(document.Length, 80)]}");
    }

    [Fact(Timeout = 2 * Minute)]
    public async Task A_hostile_document_is_refused_within_a_second_by_POST_in_a_batch_and_on_a_socket()
    {
        await using var host = await HostAsync();
        await AssertLivesAsync(host);
        using var socket = await OpenAsync(host, """{"type":"connection_init"}""");
        Assert.Contains("ack", await ReceiveAsync(socket));
        var n = 0;
        foreach (var (_, document, code) in HostileTests.Documents.Where(d => d.Document.Length < 800_000)) // a longer one is no longer read at all
        {
            await WithinASecondAsync(document, async d =>
            {
                var (_, body) = await PostAsync(host, new JsonObject { ["query"] = d });
                Assert.Equal(code, body["errors"]?[0]!["extensions"]!["code"]!.GetValue<string>() ?? "");
            });
            await WithinASecondAsync(document, async d =>
            {
                await SendAsync(socket, new JsonObject
                {
                    ["id"] = $"{n++}",
                    ["type"] = "subscribe",
                    ["payload"] = new JsonObject { ["query"] = d },
                }.ToJsonString());
                var answer = JsonNode.Parse(await ReceiveAsync(socket))!;
                Assert.Equal(code.Length == 0 ? "next" : "error", answer["type"]!.GetValue<string>());
                if (code.Length == 0)
                    Assert.Contains("complete", await ReceiveAsync(socket));
            });
        }

        var bomb = HostileTests.Documents.Single(d => d.Name == "an introspection bomb").Document;
        await WithinASecondAsync(bomb, async d =>
        {
            var (status, body) = await PostAsync(host, new JsonArray([.. Enumerable.Range(0, 10).Select(i => new JsonObject { ["query"] = $"{d}{i}" })]));
            Assert.Equal(HttpStatusCode.OK, status);
            Assert.All(body.AsArray(), r => Assert.NotNull(r!["errors"]));
        });
        await WithinASecondAsync(bomb, async d =>
            Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(host, new JsonArray([.. Enumerable.Range(0, 1_000).Select(i => new JsonObject { ["query"] = $"{d}{i}" })]))).Status));
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task A_client_that_never_says_connection_init_is_closed_after_a_second()
    {
        var time = new ManualTime();
        await using var host = await HostAsync(time: time);
        using var socket = await OpenAsync(host);
        var answer = ReceiveAsync(socket);

        var moved = await MoveUntilAsync(time, () => answer.IsCompleted);

        Assert.Equal("closed 4408", await answer);
        Assert.InRange(moved, TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task A_half_open_socket_whose_client_answers_no_ping_is_ended_with_its_subscriptions()
    {
        // The framework pings, by the machine's own clock.
        await using var host = await HostAsync(o => (o.Sockets.KeepAliveInterval, o.ClientTimeout) = (TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(3)));
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        using var socket = await OpenAsync(host, """{"type":"connection_init"}""", Subscribe);
        await Poll.UntilAsync(() => topics.Count == 1);

        await Poll.UntilAsync(() => topics.Count == 0); // pings come; nobody reads them

        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task A_socket_that_does_not_answer_a_ping_is_ended_within_a_second_of_it()
    {
        // By the framework's own clock, and by the patience that is the default. The best of some: another test may have the processor.
        await using var host = await HostAsync(o => (o.Sockets.KeepAliveInterval, o.ClientTimeout) = (TimeSpan.FromSeconds(1), new GraphQLServerOptions().ClientTimeout));
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        var best = TimeSpan.MaxValue;
        for (var attempt = 0; attempt < 5 && best > TimeSpan.FromSeconds(1); attempt++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", new Uri(host.Url).Port, Ct);
            var stream = client.GetStream();
            await stream.WriteAsync("GET /graphql HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"u8.ToArray(), Ct);
            foreach (var message in new[] { """{"type":"connection_init"}""", Subscribe })
                await stream.WriteAsync((byte[])[0x81, (byte)(0x80 | message.Length), 0, 0, 0, 0, .. Encoding.UTF8.GetBytes(message)], Ct);
            var received = new List<byte>();
            var part = new byte[1_024];
            while (!received.Contains(0x89)) // a ping; all else is text
                received.AddRange(part[..await stream.ReadAsync(part, Ct)]);
            var clock = Stopwatch.StartNew();

            try
            {
                while (await stream.ReadAsync(part, Ct) > 0)
                    continue;
            }
            catch (IOException)
            {
                // Reset, as the connection is given up.
            }

            best = clock.Elapsed < best ? clock.Elapsed : best;
            await Poll.UntilAsync(() => topics.SubscriberCount == 0);
        }

        Assert.True(best <= TimeSpan.FromSeconds(1), $"It took {best}.");
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task Subscribers_that_never_read_are_ended_while_those_that_do_get_every_event_and_memory_stays_flat()
    {
        var time = new ManualTime();
        await using var host = await HostAsync(time: time);
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        var handler = host.Services.GetRequiredService<GraphQLHttpHandler>();
        using var good = await OpenAsync(host, """{"type":"connection_init"}""", Subscribe);
        Assert.Contains("ack", await ReceiveAsync(good));
        var slow = new List<ClientWebSocket>();
        for (var i = 0; i < 10; i++)
            slow.Add(await OpenAsync(host, """{"type":"connection_init"}""", Subscribe));
        await Poll.UntilAsync(() => topics.SubscriberCount == 11);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        // Far more than the systems' buffers between here and there: 200 events of 100 kB for each.
        var title = new string('x', 100_000);
        for (var i = 0; i < 200; i++)
        {
            await topics.SendAsync("bookAdded", new Book(i, title, 1), Ct);
            Assert.Contains("\"next\"", await ReceiveAsync(good));
        }

        await MoveUntilAsync(time, () => handler.Sockets == 1);
        await Poll.UntilAsync(() => topics.SubscriberCount == 1);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 20_000_000);
        slow.ForEach(s => s.Dispose());
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task A_client_that_asks_and_asks_without_reading_fills_no_memory_and_is_ended()
    {
        await using var host = await HostAsync(o => (o.ClientTimeout, o.Sockets.MaxOperations) = (TimeSpan.FromSeconds(3), 5));
        var handler = host.Services.GetRequiredService<GraphQLHttpHandler>();
        using var refused = new Refusals(host);
        using var socket = await OpenAsync(host, """{"type":"connection_init"}""");
        await Poll.UntilAsync(() => handler.Sockets == 1);

        // Every answer repeats a part of the question. The server stops reading long before this ends; then the connection breaks.
        var payload = JsonSerializer.Serialize(new { query = "{ who }", operationName = new string('x', 10_000) });
        var sent = 0;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            for (; sent < 100_000; sent++)
                await SendAsync(socket, $$"""{"id":"{{sent}}","type":"subscribe","payload":{{payload}}}""");
        });

        Assert.InRange(sent, 1, 99_999);
        await Poll.UntilAsync(() => handler.Sockets == 0 && refused.Reasons.Contains("SLOW_SUBSCRIBER"));
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task More_sockets_than_allowed_are_refused_until_one_is_closed()
    {
        await using var host = await HostAsync(o => o.Sockets.MaxSockets = 2);
        var handler = host.Services.GetRequiredService<GraphQLHttpHandler>();
        using var first = await OpenAsync(host);
        using var second = await OpenAsync(host);
        var refusal = await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(host));
        Assert.Contains("503", refusal.Message);

        first.Abort();
        await Poll.UntilAsync(() => handler.Sockets == 1);
        using var third = await OpenAsync(host);
        Assert.Equal(WebSocketState.Open, third.State);
    }

    [Fact(Timeout = Minute)]
    public async Task A_body_that_never_comes_is_answered_with_408_and_not_taken_for_a_fault_of_the_server()
    {
        var time = new ManualTime();
        await using var host = await HostAsync(time: time);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", new Uri(host.Url).Port, Ct);
        await client.GetStream().WriteAsync("POST /graphql HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"u8.ToArray(), Ct);

        using var reader = new StreamReader(client.GetStream());
        var answer = reader.ReadToEndAsync(Ct);
        var moved = await MoveUntilAsync(time, () => answer.IsCompleted);

        Assert.StartsWith("HTTP/1.1 408", await answer);
        Assert.Contains("Nothing of the request's body came for 1 s.", await answer);
        Assert.InRange(moved, TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
        await AssertLivesAsync(host);
    }

    [Fact(Timeout = Minute)]
    public async Task A_reader_of_server_sent_events_that_does_not_read_is_ended()
    {
        var time = new ManualTime();
        await using var host = await HostAsync(time: time);
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await client.ConnectAsync("127.0.0.1", new Uri(host.Url).Port, Ct);
        const string Body = """{"query":"subscription { bookAdded { title } }"}""";
        await client.SendAsync(
            Encoding.UTF8.GetBytes($"POST /graphql HTTP/1.1\r\nHost: h\r\nAccept: text/event-stream\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"), Ct);
        await Poll.UntilAsync(() => topics.SubscriberCount == 1);

        var title = new string('x', 100_000);
        for (var i = 0; i < 200; i++)
            await topics.SendAsync("bookAdded", new Book(i, title, 1), Ct);

        await MoveUntilAsync(time, () => topics.SubscriberCount == 0);
        await AssertLivesAsync(host);
    }

    /// <summary>What one host counts as refused.</summary>
    private sealed class Refusals : IDisposable
    {
        private readonly ConcurrentQueue<string> _reasons = new();
        private readonly MeterListener _listener = new();

        public Refusals(TestHost host)
        {
            var meters = host.Services.GetRequiredService<IMeterFactory>();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "telemetry.graphql.refused" && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            };
            _listener.SetMeasurementEventCallback<long>((_, _, tags, _) => _reasons.Enqueue((string)tags[0].Value!));
            _listener.Start();
        }

        public IReadOnlyCollection<string> Reasons => _reasons;

        public void Dispose() => _listener.Dispose();
    }
}
