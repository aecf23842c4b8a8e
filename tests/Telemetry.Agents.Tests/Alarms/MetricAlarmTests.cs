using Telemetry.Agents.Alarms;
using Telemetry.Conformance;
using Telemetry.Domain.Alarms;

namespace Telemetry.Agents.Tests.Alarms;

/// <summary>Alarms on metrics by granularity, and on what a Prometheus answers.</summary>
public sealed class MetricAlarmTests
{
    [Theory]
    [InlineData("mean", 30, true)]
    [InlineData("max", 40, true)]
    [InlineData("count", 2, true)]
    [InlineData("50pct", 30, true)]
    [InlineData("first", 20, true)]
    [InlineData("last", 40, true)]
    [InlineData("rate:mean", 20, true)] // from the sample before the granule to its first, and on to its second: 20 and 20
    [InlineData("rate:mean", 21, false)]
    public async Task A_metric_of_a_resource_is_aggregated_by_granules(string method, double threshold, bool fires)
    {
        await using var bench = await AlarmBench.StartAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(59)); // the newest granule began 59 s ago
        var alarm = await bench.CreateAsync(
            $"{{'name': 'n', 'type': 'gnocchi_resources_threshold', 'gnocchi_resources_threshold_rule': {{'metric': 'cpu', 'resource_id': 'r', 'resource_type': 'instance', 'aggregation_method': '{method}', 'threshold': {threshold}, 'comparison_operator': 'ge'}}}}");
        await bench.SampleAsync("cpu", "r", 0, 500);
        await bench.SampleAsync("cpu", "r", 20, 40);
        await bench.SampleAsync("cpu", "r", 40, 20);
        await bench.SampleAsync("cpu", "other", 1_000, 20);

        await bench.TickAsync();

        Assert.Equal(fires ? AlarmState.Alarm : AlarmState.Ok, (await bench.FindAsync(alarm.Id)).State);
    }

    [Fact]
    public async Task Metrics_of_several_resources_are_aggregated_twice()
    {
        await using var bench = await AlarmBench.StartAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(59));
        const string Rest = "'aggregation_method': 'mean', 'threshold': 55, 'comparison_operator': 'eq'";
        var search = await bench.CreateAsync(
            $"{{'name': 's', 'type': 'gnocchi_aggregation_by_resources_threshold', 'gnocchi_aggregation_by_resources_threshold_rule': {{'metric': 'cpu', 'resource_type': 'instance', 'query': '{{\\\"=\\\": {{\\\"server_group\\\": \\\"g\\\"}}}}', {Rest}}}}}");
        var metrics = await bench.CreateAsync(
            $"{{'name': 'm', 'type': 'gnocchi_aggregation_by_metrics_threshold', 'gnocchi_aggregation_by_metrics_threshold_rule': {{'metrics': ['cpu', 'memory'], {Rest}}}}}");
        // r1 has three samples of 10, r2 one of 100: mean of means 55, not the mean of all.
        foreach (var ago in (int[])[30, 20, 10])
            await bench.SampleAsync("cpu", "r1", 10, ago, metadata: """{"server_group": "g"}""");
        await bench.SampleAsync("cpu", "r2", 100, 10, metadata: """{"server_group": "g"}""");
        await bench.SampleAsync("cpu", "r3", 5_000, 10, metadata: """{"server_group": "other"}""");

        await bench.TickAsync();

        Assert.Equal(AlarmState.Alarm, (await bench.FindAsync(search.Id)).State);
        Assert.Equal(AlarmState.Ok, (await bench.FindAsync(metrics.Id)).State);
    }

    [Theory]
    [InlineData("cpu", "nobody", "resource nobody does not exists")]
    [InlineData("memory", "r", "metric memory for resource r does not exists")]
    [InlineData("cpu", "r", "No datapoint for granularity 60")]
    public async Task A_metric_without_points_says_why(string metric, string resource, string reason)
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync(
            $"{{'name': 'n', 'type': 'gnocchi_resources_threshold', 'state': 'ok', 'gnocchi_resources_threshold_rule': {{'metric': '{metric}', 'resource_id': '{resource}', 'resource_type': 'instance', 'aggregation_method': 'mean', 'threshold': 1}}}}");
        await bench.SampleAsync("cpu", "r", 20, 4_000);

        await bench.TickAsync();

        Assert.Equal((AlarmState.InsufficientData, reason), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(alarm.Id)).StateReason));
    }

    [Theory]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'metrics': ['cpu', 'nope']", "At least of metrics in ['cpu', 'nope'] does not exist")]
    [InlineData("gnocchi_aggregation_by_metrics_threshold", "'metrics': ['cpu']", "No datapoint for granularity 60")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "'metric': 'nope', 'resource_type': 'instance', 'query': '{\\\"=\\\": {\\\"id\\\": \\\"r\\\"}}'", "metric nope does not exists")]
    [InlineData("gnocchi_aggregation_by_resources_threshold", "'metric': 'cpu', 'resource_type': 'instance', 'query': '{\\\"=\\\": {\\\"id\\\": \\\"r\\\"}}'", "No datapoint for granularity 60")]
    public async Task Metrics_without_points_say_why(string type, string rule, string reason)
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync($"{{'name': 'n', 'type': '{type}', 'state': 'ok', '{type}_rule': {{{rule}, 'aggregation_method': 'mean', 'threshold': 1}}}}");
        await bench.SampleAsync("cpu", "r", 20, 4_000);

        await bench.TickAsync();

        Assert.Equal((AlarmState.InsufficientData, reason), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(alarm.Id)).StateReason));
    }

    [Theory]
    [InlineData(false, "2 datapoints are unknown")] // one of the two is there
    [InlineData(true, "alarm statistics retrieval failed: broken")]
    public async Task A_metric_with_too_few_points_or_that_cannot_be_read_says_why(bool broken, string reason)
    {
        await using var bench = await AlarmBench.StartAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(59));
        var alarm = await bench.CreateAsync(
            "{'name': 'n', 'type': 'gnocchi_resources_threshold', 'state': 'ok', 'gnocchi_resources_threshold_rule': {'metric': 'cpu', 'resource_id': 'r', 'resource_type': 'instance', 'aggregation_method': 'mean', 'threshold': 1, 'evaluation_periods': 2}}");
        await bench.SampleAsync("cpu", "r", 20, 10);
        bench.Samples.IsBroken = broken;

        await bench.TickAsync();

        Assert.Equal((AlarmState.InsufficientData, reason), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(alarm.Id)).StateReason));
    }

    [Fact]
    public async Task Without_a_Prometheus_its_alarms_say_so()
    {
        await using var bench = await AlarmBench.StartAsync();
        var alarm = await bench.CreateAsync("{'name': 'n', 'type': 'prometheus', 'state': 'ok', 'prometheus_rule': {'query': 'up', 'threshold': 1}}");

        await bench.TickAsync();

        Assert.Equal("alarm statistics retrieval failed: no Prometheus server is configured", (await bench.FindAsync(alarm.Id)).StateReason);
    }

    [Theory]
    [InlineData("""{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "2"]}, {"metric": {}, "value": [1, "3"]}]}}""", AlarmState.Alarm, "Transition to alarm due to 2 samples outside threshold, most recent: 3.0")]
    [InlineData("""{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "0"]}]}}""", AlarmState.Ok, "Transition to ok due to 1 samples inside threshold, most recent: 0.0")]
    [InlineData("""{"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "0"]}, {"metric": {}, "value": [1, "3"]}]}}""", AlarmState.Alarm, "Transition to alarm due to 1 samples outside threshold, most recent: 3.0")]
    [InlineData("""{"status": "success", "data": {"resultType": "vector", "result": []}}""", AlarmState.InsufficientData, "Not evaluated yet")]
    [InlineData("""{"status": "error", "error": "parse error"}""", AlarmState.InsufficientData, "Not evaluated yet")]
    [InlineData("no json", AlarmState.InsufficientData, "Not evaluated yet")]
    public async Task Every_series_of_Prometheus_is_a_value(string answer, AlarmState state, string reason)
    {
        await using var server = await Webhook.StartAsync(c => Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(c.Response, answer));
        await using var bench = await AlarmBench.StartAsync(null, ("PrometheusUrl", server.Url));
        var alarm = await bench.CreateAsync("{'name': 'n', 'type': 'prometheus', 'prometheus_rule': {'query': 'up{a=\\\"b\\\"}', 'threshold': 1, 'comparison_operator': 'gt'}}");

        await bench.TickAsync();

        Assert.Equal((state, reason), ((await bench.FindAsync(alarm.Id)).State, (await bench.FindAsync(alarm.Id)).StateReason));
        Assert.Contains("query=up%7Ba%3D%22b%22%7D", Assert.Single(server.Received).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_members_Prometheus_rule_reads_its_own_projects_series_and_an_admins_all()
    {
        await using var bench = await AlarmBench.StartAsync();
        var now = bench.Time.GetUtcNow().ToUnixTimeSeconds();
        await using var server = await PrometheusServer.StartAsync(
            "# TYPE load gauge", $"load{{project=\"p\",host=\"a\"}} 5 {now}", $"load{{project=\"q\",host=\"b\"}} 50 {now}", $"load{{host=\"c\"}} 500 {now}");
        using var client = new PrometheusClient(Microsoft.Extensions.Options.Options.Create(new AlarmsOptions { PrometheusUrl = server.Url }));
        Task<Domain.Alarms.Evaluation.Datapoints> Ask(string query, string? project = "p") =>
            client.QueryAsync(new PrometheusRule { Query = query, Threshold = 1, ScopeToProject = project }, bench.Time.GetUtcNow(), TestContext.Current.CancellationToken);

        string[] queries =
        [
            "load", "load{}", "{__name__=\"load\"}", "{__name__=~\".+\"}", "sum(load)", "sum by (host) (load)", "max(load) without (host)", "load offset -1s",
            "load or load", "load and on(host) load", "(load)", "max_over_time(load[5m])", "max_over_time(load[5m:1m])", "load * 1 # load",
            "label_replace(load, \"project\", \"p\", \"host\", \"(.*)\")", "load{project=~\".*\"}", "load @ end()", "1 * load",
        ];
        foreach (var query in queries)
        {
            Assert.Equal([5.0], (await Ask(query)).Values);
            Assert.NotEqual([5.0], (await Ask(query, project: null)).Values);
        }
        Assert.Empty((await Ask("load{project=\"q\"}")).Values);
        await Assert.ThrowsAsync<FormatException>(() => Ask("load{project=\"q\" or project=\"p\"}"));
    }
}
