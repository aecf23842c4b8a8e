using System.Globalization;
using System.Text;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Several processes of the program on one PostgreSQL database, in whatever roles.</summary>
internal sealed class ServerGroup : IAsyncDisposable
{
    private readonly TemporaryDirectory _data = new();
    private readonly List<ServerProcess> _servers = [];

    private ServerGroup(PostgresDatabase database) => Database = database;

    public PostgresDatabase Database { get; }

    /// <summary>Asks any of them.</summary>
    public HttpClient Client { get; } = new();

    public static async Task<ServerGroup> CreateAsync() => new(await (await PostgresServer.SharedAsync()).CreateDatabaseAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            server.Signal("CONT");
            await server.DisposeAsync();
        }
        Client.Dispose();
        await Database.DisposeAsync();
        _data.Dispose();
    }

    /// <param name="settings">More variables, which win.</param>
    public async Task<ServerProcess> StartAsync(string roles = "", IReadOnlyDictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>
        {
            ["TELEMETRY__Log"] = "postgres",
            ["TELEMETRY__Store"] = "postgres",
            ["TELEMETRY__Postgres"] = Database.ConnectionString,
            ["TELEMETRY__Roles"] = roles,
            ["TELEMETRY__Alarms__EvaluationIntervalSeconds"] = "1",
            ["TELEMETRY__Alarms__EvaluationMetrics"] = "true",
            ["TELEMETRY__Projections__FlushAfterSeconds"] = "1",
        };
        foreach (var (name, value) in settings ?? new Dictionary<string, string>())
            all[name] = value;
        var (server, _) = await ServerProcess.StartAsync(Path.Combine(_data.Path, $"{_servers.Count}"), all);
        _servers.Add(server);
        return server;
    }

    /// <summary>The same with a broker.</summary>
    public Task<ServerProcess> StartAsync(string roles, RabbitMqServer broker, IReadOnlyDictionary<string, string>? settings) =>
        StartAsync(roles, new Dictionary<string, string>(settings ?? new Dictionary<string, string>()) { ["TELEMETRY__RabbitMq__Urls__0"] = broker.Url.ToString() });

    public async Task<long> PostAsync(ServerProcess server, int volume)
    {
        using var answer = await SendAsync(server, HttpMethod.Post, "/v2/meters/cpu", $$"""
            [{"counter_name": "cpu", "counter_type": "gauge", "counter_unit": "%", "counter_volume": {{volume}}, "resource_id": "r", "project_id": "p", "user_id": "u",
              "timestamp": "{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss}}"}]
            """);
        return long.Parse(answer.Headers.GetValues("Telemetry-Position").Single(), CultureInfo.InvariantCulture);
    }

    public async Task<int> CountAsync(ServerProcess server, long position)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/v2/samples")) { Headers = { { "Telemetry-Position", $"{position}" } } };
        using var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, body);
        return System.Text.Json.JsonElement.Parse(body).GetArrayLength();
    }

    public async Task<HttpResponseMessage> SendAsync(ServerProcess server, HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, new Uri(server.Url, path)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var answer = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return answer;
    }

    /// <summary>The processes that hold something now, by the database's clock.</summary>
    public async Task<List<string>> HoldersAsync()
    {
        var text = await Database.ScalarAsync<string>("select string_agg(distinct holder::text, ' ') from read_models.lease where expires_at > clock_timestamp()");
        return [.. (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries)];
    }

    public async Task<long> FreeAsync() => await Database.ScalarAsync<long>("select count(*) from read_models.lease where expires_at <= clock_timestamp()");

    /// <summary>The position up to which all ranges of the samples are stored.</summary>
    public async Task<long> StoredAsync() => await Database.ScalarAsync<long>(Stored);

    public const string Stored = "select min(position) from read_models.projection_range where projection = 'samples'";

    /// <summary>Waits until two processes hold half of the ranges of the samples each.</summary>
    public Task DividedAsync() => Poll.UntilAsync(async () => await Database.ScalarAsync<string>("""
        select string_agg(shares::text, ' ') from (
            select count(*) shares from read_models.lease where share like 'samples-%' and expires_at > clock_timestamp() group by holder) held
        """) == "8 8");

    /// <summary>The ranges of the samples that a process holds, each with the epoch of its lease.</summary>
    public async Task<Dictionary<string, long>> EpochsAsync(string holder)
    {
        var text = await Database.ScalarAsync<string>($"""
            select string_agg(share || '=' || epoch, ' ') from read_models.lease
            where share like 'samples-%' and holder = '{holder}' and expires_at > clock_timestamp()
            """);
        return (text ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split('='))
            .ToDictionary(p => p[0], p => long.Parse(p[1], CultureInfo.InvariantCulture));
    }
}
