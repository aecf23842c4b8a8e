using MassTransit;
using MassTransit.RabbitMqTransport;
using Telemetry.Domain.Audit;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>Takes messages from the bus; each is acknowledged when what it gives is durable.</summary>
internal sealed class NotificationConsumer(NotificationIntake intake, TimeProvider clock) : IConsumer<BusMessage>
{
    /// <summary>Stands for the exchange on the bus within the process.</summary>
    private const string NoExchange = "(none)";

    private readonly DeliveryOrder _order = new(clock);

    public async Task Consume(ConsumeContext<BusMessage> context)
    {
        var exchange = context.TryGetPayload(out RabbitMqBasicConsumeContext? delivery) ? delivery.Exchange : NoExchange;
        using var turn = intake.KeepsOrder && delivery is not null && context.TryGetPayload(out ChannelContext? channel) ? _order.Take(channel.Channel, delivery.DeliveryTag) : null;
        try
        {
            await intake.AcceptAsync(context.Message.Body, exchange, context.Headers.Get<string>(BatchSignature.HeaderName), turn, context.CancellationToken);
        }
        catch (ObjectDisposedException e)
        {
            throw new OperationCanceledException("The program ends; the message comes again.", e);
        }
    }
}
