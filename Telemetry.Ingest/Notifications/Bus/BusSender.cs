using MassTransit;
using Microsoft.Extensions.Options;
using RabbitMQ.Client.Exceptions;
using Telemetry.Domain.Audit;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Topics that this program publishes to by priority sample: their queues are declared with the bus, as oslo.messaging does before it publishes.</summary>
/// <param name="Setting">Where they come from, to be named where they cannot be.</param>
public sealed record PublishedTopics(IReadOnlyList<string> Topics, string Setting);

/// <summary>Puts messages on the bus as oslo.messaging's notifier does: to our exchange, by the key TOPIC.PRIORITY, confirmed by the broker.</summary>
/// <remarks>Of several brokers the first. What is sent while the bus starts waits for it; what is sent while the broker is away waits for a time.</remarks>
internal sealed class BusSender(IOptions<BusOptions> options, TimeProvider clock) : INotificationSender, IBusUser
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private volatile TaskCompletionSource<(IBus Bus, bool InMemory)> _bus = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Use(IBusControl? bus)
    {
        if (_bus.Task.IsCompleted)
            _bus = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (bus is not null)
            _bus.SetResult((bus, options.Value.Urls.Count == 0));
    }

    public async Task SendAsync(string topic, string priority, ReadOnlyMemory<byte> body, BatchSignature? signature, CancellationToken ct)
    {
        var key = BusQueue.NameOf(topic, priority);
        using var patience = new CancellationTokenSource(Patience, clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct, patience.Token);
        while (true)
        {
            var used = _bus;
            try
            {
                var (bus, inMemory) = await used.Task.WaitAsync(limit.Token);
                var endpoint = await bus.GetSendEndpoint(inMemory ? new($"exchange:{key}") : Exchange(options.Value));
                await endpoint.Send(new BusMessage(body), context => Dress(context, key, signature), limit.Token);
                return;
            }
            catch (Exception e) when (used != _bus && !limit.IsCancellationRequested && e is MassTransitException or RabbitMQClientException or OperationCanceledException)
            {
                // That bus is over. The message may have arrived; whoever reads it counts it once, by its id.
            }
            catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
            {
                throw new PublisherException($"The bus did not take a message of topic '{topic}' within {Patience.TotalSeconds} s.", e);
            }
            catch (Exception e) when (e is MassTransitException or RabbitMQClientException)
            {
                throw new PublisherException($"The bus did not take a message of topic '{topic}': {e.Message}", e);
            }
        }
    }

    private static Uri Exchange(BusOptions options) =>
        new($"exchange:{options.TelemetryExchange}?type=topic&durable={(options.Durable || options.Quorum ? "true" : "false")}&autodelete=false");

    private static void Dress(SendContext context, string key, BatchSignature? signature)
    {
        if (signature is not null)
            context.Headers.Set(BatchSignature.HeaderName, signature.ToString());
        if (!context.TryGetPayload(out RabbitMqSendContext? rabbit))
            return;
        rabbit.RoutingKey = key;
        rabbit.BasicProperties.ContentEncoding = "utf-8";
        rabbit.BasicProperties.Priority = 0;
    }
}
