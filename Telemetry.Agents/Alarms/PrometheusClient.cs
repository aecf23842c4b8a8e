using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Telemetry.Domain.Alarms;
using Telemetry.Domain.Alarms.Evaluation;

namespace Telemetry.Agents.Alarms;

/// <summary>Asks a Prometheus server for the values of a rule: one instant query, one value a series.</summary>
internal sealed class PrometheusClient(IOptions<AlarmsOptions> options) : IDisposable
{
    private const int MaxAnswer = 16 << 20;
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30), MaxResponseContentBufferSize = MaxAnswer };

    /// <summary>Asks the rule's query; that of a project's member is limited to series that carry the project in <see cref="AlarmsOptions.PrometheusProjectLabel"/>.</summary>
    /// <exception cref="InvalidOperationException">No server is configured, or it refuses the query.</exception>
    /// <exception cref="FormatException">The query cannot be limited to its project.</exception>
    /// <exception cref="HttpRequestException">The server does not answer.</exception>
    public async Task<Datapoints> QueryAsync(PrometheusRule rule, DateTimeOffset now, CancellationToken ct)
    {
        if (options.Value.PrometheusUrl is not { Length: > 0 } server)
            throw new InvalidOperationException("no Prometheus server is configured");
        var query = rule.ScopeToProject is { } project ? PromQlScope.Limit(rule.Query, options.Value.PrometheusProjectLabel, project) : rule.Query;
        var address = $"{server.TrimEnd('/')}/api/v1/query?time={now.ToUnixTimeSeconds()}&query={Uri.EscapeDataString(query)}";
        using var response = await _http.GetAsync(new Uri(address), ct);
        using var answer = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(ct));
        if (answer.RootElement.TryGetProperty("error", out var error))
            throw new InvalidOperationException($"Prometheus: {error.GetString()}");
        response.EnsureSuccessStatusCode();
        var data = answer.RootElement.GetProperty("data");
        var result = data.GetProperty("result");
        var values = data.GetProperty("resultType").GetString() == "scalar"
            ? [Value(result)]
            : result.EnumerateArray().Select(s => Value(s.GetProperty("value"))).ToList();
        values.RemoveAll(double.IsNaN);
        return new(values, values.Count, values is [] ? "datapoints are unknown" : null);
    }

    public void Dispose() => _http.Dispose();

    private static double Value(JsonElement pair) =>
        double.TryParse(pair[1].GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
}
