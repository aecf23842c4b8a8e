using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RabbitMQ.Client;
using Telemetry.Api.Tests.Notifications;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Intake between processes: what is posted to one without the role ingest is stored, over RabbitMQ, by one that has it.</summary>
public sealed partial class HandedOverPostsTests(HandedOverPostsTests.Fixture fixture) : IClassFixture<HandedOverPostsTests.Fixture>, IAsyncLifetime
{
    private const string Sample = """{"counter_name": "cpu", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 1, "resource_id": "r", "project_id": "p", "user_id": "u", "timestamp": "2026-01-01T00:00:00"}""";

    private RabbitMqServer _broker = null!;
    private ServerGroup _group = null!;

    /// <summary>One broker for all of these tests, which take everything out of its queues.</summary>
    public sealed class Fixture : IAsyncDisposable
    {
        private readonly Lazy<Task<RabbitMqServer>> _broker = new(() => RabbitMqServer.StartOwnAsync());

        internal Task<RabbitMqServer> Broker => _broker.Value;

        public async ValueTask DisposeAsync()
        {
            if (_broker.IsValueCreated)
                await (await _broker.Value).DisposeAsync();
        }
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        MeteredCloud.Demand();
        _broker = await fixture.Broker;
        _group = await ServerGroup.CreateAsync();
    }

    public ValueTask DisposeAsync() => _group.DisposeAsync();

    public static TheoryData<string, string, string, string[]> Posts => new()
    {
        { "/v2/meters/cpu?direct=True", "application/json", $"[{Sample}]", [] },
        { "/v2/meters/a%2Fb", "application/json", $"[{Sample.Replace("\"cpu\"", "\"a/b\"", StringComparison.Ordinal)}]", [] },
        { "/v2/meters/cpu", "application/json", $"[{Sample}]", ["X-Roles: member", "X-Project-Id: other", "X-User-Id: u"] },
        { "/v2/meters/cpu", "application/json", "[{]", [] },
        { "/v2/meters/other", "application/json", $"[{Sample}]", [] },
        { "/v2/samples", "application/x-ndjson", $"{Sample}\n{Sample}", ["Content-Encoding: gzip"] },
        { "/v2/samples", "application/json", $"[{Sample}]", ["Prefer: return=minimal"] },
        { "/v2/samples?none=1", "application/json", $"[{Sample}]", [] },
        { "/v2/samples", "image/png", "x", [] },
        { "/v2/samples", "application/json", "", [] },
        { "/v2/samples", "application/json", $"[{Sample}]", ["Idempotency-Key: once"] },
        { "/v2/samples", "application/json", $"[{Sample},{Sample}]", ["Idempotency-Key: once"] },
        { "/v2/samples", "application/json", $"[{Sample}]", ["Telemetry-Signature: none"] },
        { "/v2/samples", "application/json", $"[{Sample}]", ["Content-Encoding: deflate"] },
        { "/v2/intake/samples", "application/json", $$"""[{"message_id": "1", "name": "cpu", "type": "gauge", "unit": "%", "volume": 1, "resource_id": "r", "timestamp": "2026-01-01T00:00:00"}]""", [] },
        { "/v2/events", "application/json", """[{"message_id": "e", "event_type": "t", "generated": "2026-01-01T00:00:00", "traits": []}]""", ["X-Roles: admin"] },
        { "/v2/events", "application/json", """[{"message_id": "e"}]""", ["X-Roles: admin"] },
        { "/v2/events", "application/json", "[]", ["X-Project-Id: p", "X-User-Id: u"] },
        { "/v2/intake/events", "application/json", """[{"message_id": "f", "event_type": "t", "generated": "2026-01-01T00:00:00", "traits": []}]""", ["X-Roles: admin"] },
        { "/v2/alarms", "application/json", "{}", [] },
        { "/v2/nothing", "application/json", "{}", [] },
    };

    [Fact]
    public async Task Every_post_is_answered_as_by_the_process_that_stores_it()
    {
        var ingest = await StartAsync("api,ingest");
        var api = await StartAsync("api,projections");
        foreach (var (path, type, body, headers) in Posts.Select(p => p.Data))
        {
            var own = await AnswerAsync(ingest, path, type, body, headers, "5a17a");
            var handed = await AnswerAsync(api, path, type, body, headers, "5a17b");
            Assert.Equal(own, handed);
        }
        Assert.DoesNotContain("POST", api.Output, StringComparison.Ordinal); // nothing went wrong on the way
    }

    [Fact]
    public async Task Samples_of_a_mutation_go_the_same_way_and_are_answered_as_by_the_process_that_stores_them()
    {
        var ingest = await StartAsync("api,ingest");
        var api = await StartAsync("api,projections", new() { ["TELEMETRY__EventLog__TimeoutSeconds"] = "1" });
        using var client = new HttpClient();
        var answers = new List<string>();
        foreach (var server in new[] { ingest, api })
        {
            var key = $"key-{server.Url.Port}";
            answers.Add(string.Join('\n', [
                await RecordAsync(server, """samples: [{meter: "cpu", resource: "r", volume: 1}, {meter: "cpu", resource: "r", volume: 2, projectId: "p2", metadata: [{key: "ä", value: "ö"}]}]"""),
                await RecordAsync(server, """samples: [{meter: "cpu", resource: "r", volume: 1}, {meter: "", resource: "r", volume: 1}]"""),
                await RecordAsync(server, """samples: [{meter: "cpu", resource: "r", volume: 1, projectId: "p2"}]""", "X-Project-Id: p1", "X-Roles: member"),
                await RecordAsync(server, $$"""idempotencyKey: "{{key}}", samples: [{meter: "cpu", resource: "r", volume: 3}]""", "X-Project-Id: p1", "X-User-Id: u1"),
                await RecordAsync(server, $$"""idempotencyKey: "{{key}}", samples: [{meter: "cpu", resource: "r", volume: 3}]""", "X-Project-Id: p1", "X-User-Id: u1"),
                await RecordAsync(server, $$"""idempotencyKey: "{{key}}", samples: [{meter: "cpu", resource: "r", volume: 4}]""", "X-Project-Id: p1", "X-User-Id: u1"),
            ]));
        }
        Assert.Equal(answers[0], answers[1]);
        Assert.Contains("used before, for other samples", answers[0], StringComparison.Ordinal);
        Assert.Equal("6", await StatisticAsync("count"));
        Assert.Equal("12", await StatisticAsync("sum"));
        Assert.DoesNotContain("telemetry_ingest_samples_", await client.GetStringAsync(new Uri(api.Url, "/metrics"), Ct), StringComparison.Ordinal); // it has stored none itself
        Assert.DoesNotContain("POST", api.Output, StringComparison.Ordinal); // nothing went wrong on the way

        await ingest.StopAsync();
        var refused = await RecordAsync(api, """samples: [{meter: "cpu", resource: "r", volume: 5}]""");
        Assert.Contains("No process with the role ingest", refused, StringComparison.Ordinal);
        Assert.Contains("UNAVAILABLE", refused, StringComparison.Ordinal);

        async Task<string> RecordAsync(ServerProcess server, string input, params string[] headers)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, "/graphql"))
            {
                Content = new StringContent(JsonSerializer.Serialize(new { query = $"mutation {{ recordSamples(input: {{{input}}}) {{ accepted errors {{ ... on InvalidSampleError {{ message index }} }} }} }}" }), Encoding.UTF8, "application/json"),
            };
            foreach (var header in headers.Select(h => h.Split(": ")))
                request.Headers.Add(header[0], header[1]);
            using var answer = await client.SendAsync(request, Ct);
            return Varying().Replace(await answer.Content.ReadAsStringAsync(Ct), "_");
        }

        async Task<string> StatisticAsync(string name) =>
            JsonElement.Parse(await client.GetStringAsync(new Uri(api.Url, "/v2/meters/cpu/statistics"), Ct))[0].GetProperty(name).GetRawText().Replace(".0", "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_the_bus_does_not_carry_is_refused_and_an_echo_that_it_does_not_is_left_out()
    {
        await StartAsync("ingest");
        var api = await StartAsync("api,projections");
        using var client = new HttpClient { BaseAddress = api.Url };
        using (var tooLarge = await client.PostAsync("/v2/samples", new ByteArrayContent(new byte[(16 << 20) + 1]), Ct))
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);

        const int count = 100_000;
        var body = Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(Sample, count))}]");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v2/samples") { Content = new ByteArrayContent(Gzip(body)) { Headers = { { "Content-Type", "application/json" }, { "Content-Encoding", "gzip" } } } };
        using var answer = await client.SendAsync(request, Ct);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal("return=minimal", answer.Headers.GetValues("Preference-Applied").Single());
        Assert.Contains($"\"count\":{count}", await client.GetStringAsync("/v2/meters/cpu/statistics", Ct), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_writes_to_the_queue_reaches_the_intake_and_nothing_else()
    {
        await StartAsync("api,ingest,projections");
        await using var stranger = await CloudProducer.ConnectAsync(_broker.Url);
        var channel = stranger.Channel;
        await channel.ExchangeDeclareAsync("telemetry.intake.answers", ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: Ct);
        await channel.QueueDeclareAsync("stranger", cancellationToken: Ct);
        await channel.QueueBindAsync("stranger", "telemetry.intake.answers", "stranger", cancellationToken: Ct);

        await SendAsync(null); // no POST at all: it is dropped, and the next one is answered
        Assert.Equal(404, await StatusAsync("/v2/alarms", "{}"));
        Assert.Equal(404, await StatusAsync("/v2/projections/samples/rebuild", ""));
        Assert.Equal(201, await StatusAsync("/v2/samples", $"[{Sample}]"));

        async Task<int> StatusAsync(string path, string body)
        {
            await SendAsync($$"""{"Id": "{{Guid.NewGuid()}}", "Path": "{{path}}", "Query": "", "RawTarget": "{{path}}", "Headers": {} }""", body);
            BasicGetResult? answer = null;
            await Poll.UntilAsync(async () => (answer = await channel.BasicGetAsync("stranger", autoAck: true, Ct)) is not null);
            return JsonElement.Parse((byte[])answer!.BasicProperties.Headers!["Telemetry-Head"]!).GetProperty("Status").GetInt32();
        }

        ValueTask SendAsync(string? head, string body = "")
        {
            var properties = new BasicProperties { Headers = new Dictionary<string, object?> { ["Telemetry-Answer-To"] = "stranger" } };
            if (head is not null)
                properties.Headers["Telemetry-Head"] = head;
            return channel.BasicPublishAsync("telemetry.intake", "", mandatory: true, properties, Encoding.UTF8.GetBytes(body), Ct);
        }
    }

    private Task<ServerProcess> StartAsync(string roles, Dictionary<string, string>? settings = null) => _group.StartAsync(roles, _broker, settings);

    /// <summary>Status, headers and body, without what no two answers share.</summary>
    private static async Task<string> AnswerAsync(ServerProcess server, string path, string type, string body, string[] headers, string salt)
    {
        using var client = new HttpClient { BaseAddress = server.Url };
        using var request = new HttpRequestMessage(HttpMethod.Post, path);
        var salted = body.Replace("\"message_id\": \"", $"\"message_id\": \"{salt}", StringComparison.Ordinal);
        request.Content = new ByteArrayContent(headers.Contains("Content-Encoding: gzip") ? Gzip(Encoding.UTF8.GetBytes(salted)) : Encoding.UTF8.GetBytes(salted));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        foreach (var header in headers.Select(h => h.Split(": ")))
        {
            var value = header[0] == "Idempotency-Key" ? salt : header[1];
            if (!request.Headers.TryAddWithoutValidation(header[0], value))
                request.Content.Headers.TryAddWithoutValidation(header[0], value);
        }
        using var answer = await client.SendAsync(request, Ct);
        var text = new StringBuilder($"{path} {(int)answer.StatusCode}\n");
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => h.Key is not ("Date" or "x-openstack-request-id" or "Transfer-Encoding" or "Content-Length")).OrderBy(h => h.Key, StringComparer.Ordinal))
            text.Append($"{name}: {(name == "Telemetry-Position" ? "" : string.Join(',', values))}\n");
        return Varying().Replace(text.Append(await answer.Content.ReadAsStringAsync(Ct)).ToString().Replace(salt, "", StringComparison.Ordinal), "_");
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
            gzip.Write(bytes);
        return packed.ToArray();
    }

    /// <summary>Ids that the server gives, and the times at which it records.</summary>
    [GeneratedRegex("(?<=\"traceId\":\")[0-9a-f]+|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|(?<=\"recorded_at\": ?\")[^\"]+")]
    private static partial Regex Varying();
}
