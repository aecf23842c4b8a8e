using System.Text.Json;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using Telemetry.Conformance;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>Alarms tell their transitions over a real broker.</summary>
public sealed class AlarmActionTests
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["TELEMETRY__Alarms__EvaluationIntervalSeconds"] = "1",
        ["TELEMETRY__Alarms__ActionTopics__0"] = "alarms-out",
        ["TELEMETRY__Alarms__WebhookRetries"] = "0",
        ["TELEMETRY__RabbitMq__Durable"] = "true",
    };

    [Fact]
    public async Task A_transition_is_published_to_the_topics_that_its_actions_name()
    {
        await using var cloud = await MeteredCloud.StartAsync(Settings);
        await using var consumer = await ConsumerAsync(cloud);
        var refused = await cloud.PostAsync("/v2/alarms", Alarm("rpc://metering"));
        Assert.Contains("Unsupported action rpc://metering", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);

        await SampleAsync(cloud); // before the alarm, which would know nothing without it
        var id = await CreateAsync(cloud, "rpc/alarms-out", "rpc://alarms-out", "notifier://?topic=alarms-out");
        var messages = new List<JsonElement>();
        for (var i = 0; i < 3; i++)
            messages.Add(await consumer.ReadAsync());

        foreach (var message in messages)
        {
            Assert.Equal(("2.0", "alarm.update", "SAMPLE"), (
                message.GetProperty("oslo.version").GetString(), Inner(message).GetProperty("event_type").GetString(), Inner(message).GetProperty("priority").GetString()));
            Assert.True(JsonElement.DeepEquals(
                JsonElement.Parse($$"""
                    {"alarm_name": "cpu", "alarm_id": "{{id}}", "severity": "low", "previous": "ok", "current": "alarm",
                     "reason": "Transition to alarm due to 1 samples outside threshold, most recent: 90.0",
                     "reason_data": {"type": "threshold", "disposition": "outside", "count": 1, "most_recent": 90.0} }
                    """),
                Inner(message).GetProperty("payload")), message.ToString());
        }
        await cloud.UntilAsync(async () => (await cloud.GetAsync($"/v2/alarms/{id}/deliveries")).GetArrayLength() == 3);
        Assert.All((await cloud.GetAsync($"/v2/alarms/{id}/deliveries")).EnumerateArray(), d => Assert.Equal(
            ("delivered", "published"), (d.GetProperty("outcome").GetString(), d.GetProperty("detail").GetString())));
    }

    [Fact]
    public async Task While_the_broker_is_away_other_actions_are_called_at_once_and_what_was_not_published_is_recorded()
    {
        await using var cloud = await MeteredCloud.StartAsync(Settings);
        await using var webhook = await Webhook.StartAsync();
        var id = await CreateAsync(cloud, "rpc://alarms-out", webhook.Url);
        await cloud.Broker.KillAsync();

        await SampleAsync(cloud);
        await webhook.Called;
        await cloud.UntilAsync(async () => (await cloud.GetAsync($"/v2/alarms/{id}/deliveries")).GetArrayLength() == 2);

        var deliveries = (await cloud.GetAsync($"/v2/alarms/{id}/deliveries")).EnumerateArray().ToDictionary(d => d.GetProperty("action").GetString()!);
        Assert.Equal("delivered", deliveries[webhook.Url].GetProperty("outcome").GetString());
        Assert.True(deliveries[webhook.Url].GetProperty("took_ms").GetInt64() < 5_000);
        Assert.Equal("failed", deliveries["rpc://alarms-out"].GetProperty("outcome").GetString());
        Assert.StartsWith("The bus did not take a message of topic 'alarms-out'", deliveries["rpc://alarms-out"].GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_that_comes_back_in_time_gets_what_was_tried_before()
    {
        await using var cloud = await MeteredCloud.StartAsync(new(Settings) { ["TELEMETRY__Alarms__WebhookRetries"] = "10" });
        var id = await CreateAsync(cloud, "rpc://alarms-out");
        await cloud.Broker.KillAsync();
        await SampleAsync(cloud);
        await cloud.UntilAsync(async () => (await cloud.GetAsync($"/v2/alarms/{id}")).GetProperty("state").GetString() == "alarm");

        await cloud.Broker.StartAgainAsync();
        await using var consumer = await ConsumerAsync(cloud);

        Assert.Equal("alarm", Inner(await consumer.ReadAsync()).GetProperty("payload").GetProperty("current").GetString());
        await cloud.UntilAsync(async () => (await cloud.GetAsync($"/v2/alarms/{id}/deliveries")).GetArrayLength() == 1);
        Assert.Equal("delivered", (await cloud.GetAsync($"/v2/alarms/{id}/deliveries"))[0].GetProperty("outcome").GetString());
    }

    private static string Alarm(params string[] actions) => $$"""
        {"name": "cpu", "type": "threshold", "state": "ok", "alarm_actions": {{JsonSerializer.Serialize(actions)}},
         "threshold_rule": {"meter_name": "cpu_util", "threshold": 50, "comparison_operator": "gt", "period": 3600} }
        """;

    private static async Task<string> CreateAsync(MeteredCloud cloud, params string[] actions)
    {
        using var answer = await cloud.PostAsync("/v2/alarms", Alarm(actions));
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonElement.Parse(text).GetProperty("alarm_id").GetString()!;
    }

    private static async Task SampleAsync(MeteredCloud cloud)
    {
        using var answer = await cloud.PostAsync("/v2/meters/cpu_util?direct=True", $$"""
            [{"counter_name": "cpu_util", "counter_type": "gauge", "counter_unit": "%", "counter_volume": 90, "resource_id": "i", "project_id": "p1", "user_id": "u1",
              "timestamp": "{{DateTime.UtcNow:yyyy-MM-ddTHH:mm:ss}}"}]
            """);
        answer.EnsureSuccessStatusCode();
    }

    private static JsonElement Inner(JsonElement message) => JsonElement.Parse(message.GetProperty("oslo.message").GetString()!);

    private static async Task<Consumer> ConsumerAsync(MeteredCloud cloud)
    {
        var connection = await new ConnectionFactory { Uri = cloud.Broker.Url }.CreateConnectionAsync(TestContext.Current.CancellationToken);
        var channel = await connection.CreateChannelAsync(cancellationToken: TestContext.Current.CancellationToken);
        var consumer = new Consumer(connection, channel);
        await channel.BasicConsumeAsync("alarms-out.sample", autoAck: true, consumer.Events, TestContext.Current.CancellationToken);
        return consumer;
    }

    private sealed class Consumer : IAsyncDisposable
    {
        private readonly IConnection _connection;
        private readonly System.Threading.Channels.Channel<JsonElement> _messages = System.Threading.Channels.Channel.CreateUnbounded<JsonElement>();

        public Consumer(IConnection connection, IChannel channel)
        {
            _connection = connection;
            Events = new(channel);
            Events.ReceivedAsync += (_, delivery) => _messages.Writer.WriteAsync(JsonElement.Parse(delivery.Body.Span)).AsTask();
        }

        public AsyncEventingBasicConsumer Events { get; }

        public async Task<JsonElement> ReadAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            limit.CancelAfter(MeteredCloud.Patience);
            return await _messages.Reader.ReadAsync(limit.Token);
        }

        public async ValueTask DisposeAsync() => await _connection.DisposeAsync();
    }
}
