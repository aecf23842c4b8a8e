using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.GraphQL.Execution;
using Telemetry.Api.GraphQL.Http;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.Http;

/// <summary>Both protocols, message by message.</summary>
public sealed class SocketTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static async Task<WebSocket> OpenAsync(TestHost host, string? protocol, string? origin = null)
    {
        var client = host.Server.CreateWebSocketClient();
        if (protocol is not null)
            client.SubProtocols.Add(protocol);
        client.ConfigureRequest = r =>
        {
            if (origin is not null)
                r.Headers.Origin = origin;
        };
        return await client.ConnectAsync(new Uri("ws://localhost/graphql"), Ct);
    }

    private static async Task SendAsync(WebSocket socket, string message) =>
        await socket.SendAsync(Encoding.UTF8.GetBytes(message), WebSocketMessageType.Text, endOfMessage: true, Ct);

    /// <summary>A message; or the code with which the server closed.</summary>
    private static async Task<string> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[65_536];
        var read = await socket.ReceiveAsync(buffer, Ct);
        if (read.MessageType == WebSocketMessageType.Close)
            return $"closed {(int)read.CloseStatus!}: {read.CloseStatusDescription}";
        return Encoding.UTF8.GetString(buffer, 0, read.Count);
    }

    private static Task<TestHost> HostAsync(Action<GraphQLServerOptions>? configure = null) =>
        TestHost.StartAsync(b => b.ModifyRequestOptions(o => o.ReportCost = false).ModifyServerOptions(configure ?? (_ => { })));

    [Fact]
    public async Task Graphql_transport_ws_runs_operations_side_by_side()
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, "graphql-transport-ws");
        Assert.Equal("graphql-transport-ws", socket.SubProtocol);
        await SendAsync(socket, """{"type":"connection_init","payload":{}}""");
        Assert.Equal("""{"type":"connection_ack"}""", await ReceiveAsync(socket));
        await SendAsync(socket, """{"type":"ping"}""");
        Assert.Equal("""{"type":"pong"}""", await ReceiveAsync(socket));

        await SendAsync(socket, """{"id":"1","type":"subscribe","payload":{"query":"subscription { count(to: 1) }"}}""");
        Assert.Equal("""{"id":"1","type":"next","payload":{"data":{"count":1}}}""", await ReceiveAsync(socket));
        Assert.Equal("""{"id":"1","type":"complete"}""", await ReceiveAsync(socket));

        await SendAsync(socket, """{"id":"2","type":"subscribe","payload":{"query":"{ broken"}}""");
        var error = JsonNode.Parse(await ReceiveAsync(socket))!;
        Assert.Equal("error", error["type"]!.GetValue<string>());
        Assert.Equal("GRAPHQL_PARSE_FAILED", error["payload"]![0]!["extensions"]!["code"]!.GetValue<string>());

        await SendAsync(socket, """{"id":"3","type":"subscribe","payload":{"query":"mutation { slowly(name: \"s\", yields: 3) }"}}""");
        Assert.Equal("""{"id":"3","type":"next","payload":{"data":{"slowly":3}}}""", await ReceiveAsync(socket));
        Assert.Equal("""{"id":"3","type":"complete"}""", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task An_event_goes_to_its_subscribers_until_they_complete()
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, "graphql-transport-ws");
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        await SendAsync(socket, """{"type":"connection_init"}""");
        await ReceiveAsync(socket);
        await SendAsync(socket, """{"id":"a","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""");
        await Poll.UntilAsync(() => topics.Count == 1);

        await host.ExecuteAsync("mutation { addBook(input: {title: \"Fresh\"}) { errors { __typename } } }");
        Assert.Equal("""{"id":"a","type":"next","payload":{"data":{"bookAdded":{"title":"Fresh"}}}}""", await ReceiveAsync(socket));

        await SendAsync(socket, """{"id":"a","type":"complete"}""");
        await Poll.UntilAsync(() => topics.Count == 0);
        await SendAsync(socket, """{"id":"b","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""");
        await Poll.UntilAsync(() => topics.Count == 1);
        socket.Abort();
        await Poll.UntilAsync(() => topics.Count == 0);
    }

    [Fact]
    public async Task Graphql_ws_of_older_tools_is_spoken_too()
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, "graphql-ws");
        await SendAsync(socket, """{"type":"connection_init","payload":{}}""");
        Assert.Equal("""{"type":"connection_ack"}""", await ReceiveAsync(socket));
        Assert.Equal("""{"type":"ka"}""", await ReceiveAsync(socket));
        await SendAsync(socket, """{"id":"1","type":"start","payload":{"query":"subscription { count(to: 1) }"}}""");
        Assert.Equal("""{"id":"1","type":"data","payload":{"data":{"count":1}}}""", await ReceiveAsync(socket));
        Assert.Equal("""{"id":"1","type":"complete"}""", await ReceiveAsync(socket));
        await SendAsync(socket, """{"id":"2","type":"start","payload":{"query":"{ nothing }"}}""");
        Assert.Contains("has no field", await ReceiveAsync(socket));
        await SendAsync(socket, """{"type":"connection_terminate"}""");
        Assert.Equal("closed 1000: ", await ReceiveAsync(socket));
    }

    [Theory]
    [InlineData("closed 4401: Unauthorized", """{"id":"1","type":"subscribe","payload":{"query":"{ who }"}}""")]
    [InlineData("closed 4400: Invalid message received", "nonsense")]
    [InlineData("closed 4400: Invalid message received", """{"type":"unknown"}""")]
    [InlineData("closed 4400: Invalid message received", "[]")]
    [InlineData("closed 4429: Too many initialisation requests", """{"type":"connection_init"}""", """{"type":"connection_init"}""")]
    [InlineData("closed 4409: Subscriber for 1 already exists", """{"type":"connection_init"}""", """{"id":"1","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""", """{"id":"1","type":"subscribe","payload":{"query":"{ who }"}}""")]
    public async Task A_client_that_breaks_the_protocol_is_closed_with_its_code(string expected, params string[] messages)
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, "graphql-transport-ws");
        foreach (var message in messages)
            await SendAsync(socket, message);
        var answer = await ReceiveAsync(socket);
        if (answer.Contains("connection_ack"))
            answer = await ReceiveAsync(socket);
        Assert.Equal(expected, answer);
    }

    [Fact]
    public async Task Another_protocol_is_refused()
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, null);
        Assert.Equal("closed 4406: Subprotocol not acceptable", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task Pages_of_other_sites_open_no_sockets_unless_they_are_allowed_to()
    {
        await using var host = await HostAsync(o => o.AllowedOrigins.Add("https://friend.example"));
        await Assert.ThrowsAnyAsync<Exception>(() => OpenAsync(host, "graphql-transport-ws", "https://evil.example"));
        using var friend = await OpenAsync(host, "graphql-transport-ws", "https://friend.example");
        using var own = await OpenAsync(host, "graphql-transport-ws", "http://localhost");
        Assert.Equal(WebSocketState.Open, own.State);
        Assert.Equal(WebSocketState.Open, friend.State);
    }

    [Fact]
    public async Task Too_many_operations_on_one_socket_are_refused_one_by_one()
    {
        await using var host = await HostAsync(o => o.Sockets.MaxOperations = 1);
        using var socket = await OpenAsync(host, "graphql-transport-ws");
        await SendAsync(socket, """{"type":"connection_init"}""");
        await ReceiveAsync(socket);
        await SendAsync(socket, """{"id":"a","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""");
        await SendAsync(socket, """{"id":"b","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""");
        Assert.Contains("A socket carries 1 operations at once.", await ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_server_that_stops_says_so_to_its_sockets_and_leaves_nobody_subscribed()
    {
        await using var host = await HostAsync();
        using var socket = await OpenAsync(host, "graphql-transport-ws");
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        await SendAsync(socket, """{"type":"connection_init"}""");
        await ReceiveAsync(socket);
        await SendAsync(socket, """{"id":"a","type":"subscribe","payload":{"query":"subscription { bookAdded { title } }"}}""");
        await Poll.UntilAsync(() => topics.Count == 1);

        var stopped = host.StopAsync();

        Assert.Equal("closed 1001: The server stops", await ReceiveAsync(socket));
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Ct);
        await stopped;
        await Poll.UntilAsync(() => topics.Count == 0);
    }

    [Fact]
    public async Task A_server_that_stops_ends_streams_of_events_without_saying_that_they_are_complete()
    {
        await using var host = await HostAsync();
        var topics = host.Services.GetRequiredService<InMemoryTopics>();
        var reading = host.PostAsync("""{"query":"subscription { bookAdded { title } }"}""", "text/event-stream");
        await Poll.UntilAsync(() => topics.Count == 1);

        await host.StopAsync();

        Assert.Equal(":\n\n", (await reading).Body);
        await Poll.UntilAsync(() => topics.Count == 0);
    }
}
