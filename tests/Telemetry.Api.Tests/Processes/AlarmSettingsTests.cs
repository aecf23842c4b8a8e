using Telemetry.Benchmarks;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Processes;

/// <summary>Settings of alarms that cannot be: the program does not start, and says which it is and what it holds.</summary>
public sealed class AlarmSettingsTests
{
    [Theory]
    [InlineData("Alarms__ActionTopics__0=alarms-out", "Telemetry:Alarms:ActionTopics names the topic 'alarms-out', and there is no broker to publish it to: set Telemetry:RabbitMq:Urls.")]
    [InlineData(
        "Alarms__ActionTopics__0=out RabbitMq__Urls__0=rabbit://g:g@127.0.0.1:1/ Alarms__ActionTopics__1=metering",
        "Telemetry:Alarms:ActionTopics names the topic 'metering', which is consumed here: name another.")]
    [InlineData("Alarms__ActionTopics__0=a/b", "Telemetry:Alarms:ActionTopics holds 'a/b', which is no name: letters, digits, '.', '-' and '_', at most 200.")]
    [InlineData("Alarms__AllowedNetworks__0=10.0.0.0/33", "Telemetry:Alarms:AllowedNetworks holds '10.0.0.0/33', which is no network such as 10.1.0.0/16.")]
    [InlineData("Alarms__PrometheusUrl=prometheus:9090", "Telemetry:Alarms:PrometheusUrl is 'prometheus:9090', which is no URL such as http://prometheus:9090.")]
    [InlineData("Alarms__WebhookCaFile=/nowhere/ca.pem", "Telemetry:Alarms:WebhookCaFile is '/nowhere/ca.pem', which cannot be used: Could not find")]
    [InlineData("Alarms__WebhookCertificateFile=/nowhere/own.pem", "Telemetry:Alarms:WebhookCertificateFile is '/nowhere/own.pem', which cannot be used: Could not find")]
    [InlineData("Alarms__EvaluationIntervalSeconds=0", "Telemetry:Alarms:EvaluationIntervalSeconds is between 1 and 86400.")]
    [InlineData("Alarms__EvaluationIntervalSeconds=often", "'often' at 'Telemetry:Alarms:EvaluationIntervalSeconds'")]
    [InlineData("Alarms__UserQuota=-2", "Telemetry:Alarms:UserQuota is -1 (unlimited) or more.")]
    public async Task The_program_does_not_start_with(string settings, string message)
    {
        using var data = new TemporaryDirectory();

        await RefusedAsync(data.Path, settings.Split(' ').Select(s => s.Split('=', 2)).ToDictionary(s => $"TELEMETRY__{s[0]}", s => s[1]), message);
    }

    [Fact]
    public async Task A_process_that_evaluates_without_a_bus_does_not_start_with_topics_to_publish_to()
    {
        using var data = new TemporaryDirectory();
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

        await RefusedAsync(
            data.Path,
            new()
            {
                ["TELEMETRY__Roles"] = "alarms,projections",
                ["TELEMETRY__Store"] = "postgres",
                ["TELEMETRY__Log"] = "postgres",
                ["TELEMETRY__Postgres"] = database.ConnectionString,
                ["TELEMETRY__RabbitMq__Urls__0"] = "rabbit://g:g@127.0.0.1:1/",
                ["TELEMETRY__Alarms__ActionTopics__0"] = "alarms-out",
            },
            "Telemetry:Alarms:ActionTopics names the topic 'alarms-out', which takes a message bus: a process with the role alarms needs the role ingest for it.");
    }

    private static async Task RefusedAsync(string data, Dictionary<string, string> settings, string message)
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            var (server, _) = await ServerProcess.StartAsync(data, settings);
            await server.DisposeAsync();
        });

        Assert.Contains(message, refused.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", refused.Message, StringComparison.Ordinal); // no stack trace
    }
}
