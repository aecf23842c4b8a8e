using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.GraphQL.TelemetrySchema;

/// <summary>What the endpoint refuses is counted by its reason, and logged.</summary>
public sealed class RefusalTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static string Query(string query) => JsonSerializer.Serialize(new { query });

    /// <summary>Reasons, each with what is refused for it.</summary>
    private static readonly (string Reason, string Body)[] Requests =
    [
        ("BAD_REQUEST", "[1"),
        ("GRAPHQL_PARSE_FAILED", Query("{ meters")),
        ("GRAPHQL_VALIDATION_FAILED", Query("{ nothing { a b } none }")),
        ("DOCUMENT_TOO_LARGE", Query($"{{{string.Concat(Enumerable.Range(0, 10_000).Select(i => $" a{i}: __typename"))}}}")),
        ("DEPTH_EXCEEDED", Query($$"""{ meter(name: "a") { {{string.Concat(Enumerable.Repeat("latest { resource { meters { ", 10))}} name {{string.Concat(Enumerable.Repeat("} } } ", 10))}} } }""")),
        ("COST_EXCEEDED", Query("{ meters(first: 1000) { nodes { samples(first: 1000) { nodes { volume } } } } }")),
        ("BAD_USER_INPUT", Query("{ samples(first: 5000) { nodes { volume } } }")),
        ("OPERATION_NOT_ALLOWED", Query("subscription { eventRecorded { type } }")),
        ("PERSISTED_QUERY_NOT_FOUND", """{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}}}"""),
        ("AUTH_NOT_AUTHORIZED", Query("{ eventTypes { name } }")),
    ];

    [Fact]
    public async Task What_is_refused_is_counted_by_reason_and_logged()
    {
        using var data = new TemporaryDirectory();
        var (server, _) = await ServerProcess.StartAsync(data.Path);
        await using (server)
        {
            using var client = new HttpClient { BaseAddress = server.Url };
            foreach (var (_, body) in Requests)
                await PostAsync(client, body);
            Assert.Equal("closed 4400", await BreakProtocolAsync(server.Url));

            var metrics = await client.GetStringAsync("/metrics", Ct);

            foreach (var (reason, _) in Requests.Append(("SOCKET_4400", "")))
                Assert.Contains($"telemetry_graphql_refused_total{{reason=\"{reason}\"}} 1\n", metrics, StringComparison.Ordinal);
            Assert.Contains("\ntelemetry_graphql_connections 0\n", metrics, StringComparison.Ordinal);
            Assert.Contains("GraphQL: refused (BAD_REQUEST): The request is no JSON", server.Output, StringComparison.Ordinal);
        }
    }

    private static async Task PostAsync(HttpClient client, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/graphql") { Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")) };
        foreach (var (name, value) in new[] { ("X-Roles", "member"), ("X-Project-Id", "p1"), ("X-User-Id", "u1") })
            request.Headers.Add(name, value);
        using var answer = await client.SendAsync(request, Ct);
        Assert.Contains("errors", await answer.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
    }

    private static async Task<string> BreakProtocolAsync(Uri server)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("graphql-transport-ws");
        await socket.ConnectAsync(new UriBuilder(server) { Scheme = "ws", Path = "/graphql" }.Uri, Ct);
        await socket.SendAsync("nonsense"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Ct);
        var read = await socket.ReceiveAsync(new byte[1_024], Ct);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", Ct);
        return $"closed {(int)read.CloseStatus!}";
    }
}
