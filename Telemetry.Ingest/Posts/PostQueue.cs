using MassTransit;
using Telemetry.Ingest.Notifications.Bus;

namespace Telemetry.Ingest.Posts;

/// <summary>Takes the POSTs that other processes hand over; each is acknowledged when its answer is on its way.</summary>
internal sealed class PostQueue(IPostHandler handler) : IBusUser
{
    /// <summary>As many are worked on at once; with <see cref="PostMessages.MaxBodyBytes"/> it bounds their memory.</summary>
    private const int Prefetch = 16;

    /// <summary>What the queue holds at most, in bytes; more is refused at once.</summary>
    private const long MaxQueueBytes = 256 << 20;

    public void Configure(IBusFactoryConfigurator bus, bool isFirst)
    {
        if (!isFirst || bus is not IRabbitMqBusFactoryConfigurator rabbit)
            return;
        rabbit.ReceiveEndpoint(PostMessages.Queue, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PublishFaults = false;
            endpoint.DiscardFaultedMessages(); // MassTransit logs them; who waits is told to come again
            endpoint.PrefetchCount = Prefetch;
            endpoint.SetQuorumQueue();
            endpoint.SetQueueArgument("x-max-length-bytes", MaxQueueBytes);
            endpoint.SetQueueArgument("x-overflow", "reject-publish");
            endpoint.Handler<BusMessage>(AnswerAsync);
        });
    }

    private async Task AnswerAsync(ConsumeContext<BusMessage> context)
    {
        var head = PostMessages.Read<PostHead>(context.Headers.Get<string>(PostMessages.HeadHeader));
        var to = context.Headers.Get<string>(PostMessages.AnswerToHeader);
        var answer = await handler.AnswerAsync(new(head, context.Message.Body), context.CancellationToken);
        var answers = await context.GetSendEndpoint(new($"exchange:{PostMessages.Answers}?type=direct"));
        await answers.Send(new BusMessage(answer.Body), send =>
        {
            send.Headers.Set(PostMessages.HeadHeader, PostMessages.Write(answer.Head));
            send.Durable = false;
            if (send.TryGetPayload(out RabbitMqSendContext? rabbit))
                rabbit.RoutingKey = to;
        }, context.CancellationToken);
    }
}
