using System.Text;
using System.Text.Json;
using RabbitMQ.Client;

namespace Telemetry.Api.Tests.Notifications;

/// <summary>Publishes as oslo.messaging does (wire recordings: wire/oslo-publish.frames.jsonl): declares, binds, publishes confirmed, with its properties.</summary>
internal sealed class CloudProducer : IAsyncDisposable
{
    private readonly HashSet<(string, string)> _declared = [];
    private readonly IConnection _connection;
    private readonly bool _durable;

    private CloudProducer(IConnection connection, IChannel channel, bool durable) => (_connection, Channel, _durable) = (connection, channel, durable);

    public IChannel Channel { get; }

    public static async Task<CloudProducer> ConnectAsync(Uri url, bool durable = false)
    {
        var connection = await new ConnectionFactory { Uri = url, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new(connection, await connection.CreateChannelAsync(new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true)), durable);
    }

    /// <summary>Publishes what was recorded, in its order.</summary>
    public async Task PublishRecordedAsync(string file)
    {
        foreach (var line in File.ReadLines(TestData.Path($"notifications/{file}")))
        {
            var message = JsonElement.Parse(line);
            await PublishAsync(
                message.GetProperty("exchange").GetString()!, message.GetProperty("routing_key").GetString()!, Encoding.UTF8.GetBytes(message.GetProperty("body").GetString()!));
        }
    }

    /// <summary>Publishes one message; the broker has it when the task completes.</summary>
    public async Task PublishAsync(string exchange, string key, ReadOnlyMemory<byte> body, string? contentType = "application/json", string? signature = null)
    {
        if (_declared.Add((exchange, key)))
        {
            await Channel.ExchangeDeclareAsync(exchange, ExchangeType.Topic, _durable, autoDelete: false);
            await Channel.QueueDeclareAsync(key, _durable, exclusive: false, autoDelete: false);
            await Channel.QueueBindAsync(key, exchange, key);
        }
        var properties = new BasicProperties { ContentEncoding = "utf-8", DeliveryMode = DeliveryModes.Persistent, Priority = 0, Headers = new Dictionary<string, object?>() };
        if (signature is not null)
            properties.Headers["Telemetry-Signature"] = signature;
        if (contentType is not null)
            properties.ContentType = contentType;
        await Channel.BasicPublishAsync(exchange, key, mandatory: true, properties, body);
    }

    /// <summary>A notification in the envelope, with a new id unless one is given.</summary>
    public static byte[] Notification(string eventType, object payload, string? messageId = null, string priority = "INFO", string publisherId = "test.host") =>
        Envelope(JsonSerializer.Serialize(Message(eventType, payload, messageId, priority, publisherId)));

    public static Dictionary<string, object> Message(string eventType, object payload, string? messageId = null, string priority = "INFO", string publisherId = "test.host") => new()
    {
        ["message_id"] = messageId ?? Guid.NewGuid().ToString(),
        ["publisher_id"] = publisherId,
        ["event_type"] = eventType,
        ["priority"] = priority,
        ["payload"] = payload,
        ["timestamp"] = "2026-11-20 10:00:00.000000",
    };

    public static byte[] Envelope(string message, string version = "2.0") =>
        JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, string> { ["oslo.version"] = version, ["oslo.message"] = message });

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
