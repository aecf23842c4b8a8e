using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>The program and a broker: what tests of a cloud's messages need.</summary>
internal sealed class MeteredCloud : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryDirectory _data = new();
    private readonly bool _ownsBroker;
    private readonly Dictionary<string, string> _settings;
    private HttpClient _client;

    private MeteredCloud(RabbitMqServer broker, bool ownsBroker, Dictionary<string, string> settings) =>
        (Broker, _ownsBroker, _settings, _client, Server) = (broker, ownsBroker, settings, null!, null!);

    public RabbitMqServer Broker { get; }
    public ServerProcess Server { get; private set; }
    public string DataDirectory => _data.Path;

    /// <summary>Skips the test where no broker can be had; fails it where CI=true.</summary>
    public static void Demand()
    {
        var missing = RabbitMqServer.Missing();
        if (Environment.GetEnvironmentVariable("CI") != "true")
            Assert.SkipWhen(missing is not null, missing ?? "");
        Assert.Null(missing);
    }

    /// <param name="settings">Environment variables of the program, beside the broker's URL.</param>
    /// <param name="broker">Null for a new one that goes with this.</param>
    public static async Task<MeteredCloud> StartAsync(Dictionary<string, string>? settings = null, RabbitMqServer? broker = null, string? url = null)
    {
        Demand();
        var running = broker ?? await RabbitMqServer.StartOwnAsync();
        var cloud = new MeteredCloud(running, broker is null, new(settings ?? []) { ["TELEMETRY__RabbitMq__Urls__0"] = url ?? running.Url.ToString() });
        await cloud.StartServerAsync();
        return cloud;
    }

    public async Task StartServerAsync()
    {
        (Server, _) = await ServerProcess.StartAsync(_data.Path, _settings);
        _client = new() { BaseAddress = Server.Url };
        _client.DefaultRequestHeaders.Add("X-Roles", "admin");
    }

    public async Task KillServerAsync()
    {
        await Server.KillAsync();
        await Server.DisposeAsync();
        _client.Dispose();
    }

    /// <summary>Asks as an admin, where that counts one of a project.</summary>
    public async Task<JsonElement> GetAsync(string path, string? project = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (project is not null)
        {
            request.Headers.Add("X-Project-Id", project);
            request.Headers.Add("X-User-Id", "u");
        }
        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return await answer.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> PostAsync(string path, string json) =>
        _client.PostAsync(path, new StringContent(json, System.Text.Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    public async Task DeleteAsync(string path) => (await _client.DeleteAsync(path, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

    /// <summary>All samples, or those of one meter, newest first.</summary>
    public async Task<IReadOnlyList<JsonElement>> SamplesAsync(string? meter = null) =>
        [.. (await GetAsync($"/v2/samples?limit=100000{(meter is null ? "" : $"&q.field=meter&q.value={Uri.EscapeDataString(meter)}")}")).EnumerateArray()];

    /// <summary>The sum of a counter of <c>/metrics</c> over the labels that contain a text.</summary>
    public async Task<double> CounterAsync(string name, string labels = "")
    {
        var text = await _client.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return text.Split('\n').Where(l => l.StartsWith(name, StringComparison.Ordinal) && l.Contains(labels, StringComparison.Ordinal))
            .Sum(l => double.Parse(l[(l.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Waits until so many messages were taken or refused.</summary>
    public Task TakenAsync(int messages) => UntilAsync(async () => await CounterAsync("telemetry_ingest_notifications_total") >= messages);

    /// <summary>Asks the program again and again: another process says in no other way what it has counted.</summary>
    public Task UntilAsync(Func<Task<bool>> condition) => Poll.UntilAsync(condition, () => $"The program printed:\n{Server.Output}");

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        if (_ownsBroker)
            await Broker.DisposeAsync();
        _client.Dispose();
        _data.Dispose();
    }
}
