using MassTransit;
using MassTransit.Middleware;
using MassTransit.RabbitMqTransport.Configuration;
using Microsoft.Extensions.Options;
using Telemetry.Ingest.Pipelines;
using Telemetry.Ingest.Pipelines.Publishers;

namespace Telemetry.Ingest.Notifications.Bus;

/// <summary>The queues of a cloud's messages, on every broker: what is consumed, and what is declared because we publish to it.</summary>
internal sealed class NotificationQueues : IBusUser
{
    private readonly BusOptions _options;
    private readonly NotificationConsumer _consumer;
    private readonly List<BusQueue> _queues;

    /// <exception cref="OptionsValidationException">A topic would be published to and consumed here.</exception>
    public NotificationQueues(
        IOptions<BusOptions> options, NotificationOptions notifications, SamplePipelines samples, EventPipelines events, IEnumerable<PublishedTopics> published,
        NotificationConsumer consumer)
    {
        (_options, _consumer) = (options.Value, consumer);
        _queues = Queues(notifications, samples, events, [.. published]);
    }

    public void Configure(IBusFactoryConfigurator bus, bool isFirst)
    {
        if (bus is IRabbitMqBusFactoryConfigurator rabbit)
            Configure(rabbit);
        else
            Consumed.ForEach(queue => bus.ReceiveEndpoint(queue.Name, Consume));
    }

    private List<BusQueue> Consumed => _queues.FindAll(q => q.IsConsumed);

    private void Configure(IRabbitMqBusFactoryConfigurator bus)
    {
        foreach (var queue in Consumed)
        {
            bus.ReceiveEndpoint(queue.Name, endpoint =>
            {
                Consume(endpoint);
                Declare(endpoint, queue, _queues.Where(q => !q.IsConsumed));
            });
        }
    }

    private List<BusQueue> Queues(NotificationOptions notifications, SamplePipelines samples, EventPipelines events, IReadOnlyList<PublishedTopics> published)
    {
        var queues = BusQueue.Consumed(_options, notifications).ToList();
        var consumed = queues.Select(q => q.Name).ToHashSet();
        var notifiers = samples.PublishersBySink.Select(s => (s.Sink, s.Publishers, NotifierPublisher.SampleTopic))
            .Concat(events.PublishersBySink.Select(s => (s.Sink, s.Publishers, NotifierPublisher.EventTopic)));
        foreach (var more in published.Where(p => p.Topics.Count > 0))
        {
            if (_options.Urls.Count == 0)
                throw new OptionsValidationException(more.Setting, typeof(BusOptions), [$"{more.Setting} names the topic '{more.Topics[0]}', and there is no broker to publish it to: set {BusOptions.Section}:Urls."]);
            if (more.Topics.FirstOrDefault(t => consumed.Contains(BusQueue.NameOf(t, "sample"))) is { } own)
                throw new OptionsValidationException(more.Setting, typeof(BusOptions), [$"{more.Setting} names the topic '{own}', which is consumed here: name another."]);
        }
        var topics = published.SelectMany(p => p.Topics).ToList();
        foreach (var (sink, publishers, absent) in notifiers)
        {
            foreach (var topic in publishers.Where(p => p.Kind == PublisherKind.Notifier).SelectMany(p => NotifierPublisher.Topics(p, absent)))
            {
                if (publishers.Any(p => p.Kind == PublisherKind.Store) && consumed.Contains(BusQueue.NameOf(topic, "sample")))
                    throw new OptionsValidationException(nameof(PipelineSettings), typeof(PipelineSettings), [
                        $"Sink '{sink}' stores, and publishes to the topic '{topic}', which is consumed here and stored as well: all would count twice. Name another topic, or only one of both."]);
                topics.Add(topic);
            }
        }
        queues.AddRange(topics.Select(t => BusQueue.NameOf(t, "sample")).Distinct().Where(n => !consumed.Contains(n))
            .Select(n => new BusQueue(n, [_options.TelemetryExchange], IsConsumed: false)));
        return queues;
    }

    private void Consume(IReceiveEndpointConfigurator endpoint)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.PrefetchCount = _options.Prefetch;
        endpoint.ConfigureError(error =>
        {
            error.UseExecute(NameSource);
            error.UseFilter(new ErrorTransportFilter());
        });
        endpoint.Instance(_consumer);
    }

    /// <summary>Says on a message for the error queue why it is there and where it was published.</summary>
    private static void NameSource(ExceptionReceiveContext context)
    {
        context.ExceptionHeaders.Set("Telemetry-Reason", context.Exception.Message);
        if (!context.TryGetPayload(out RabbitMqBasicConsumeContext? delivery))
            return;
        context.ExceptionHeaders.Set("Telemetry-Exchange", delivery.Exchange);
        context.ExceptionHeaders.Set("Telemetry-RoutingKey", delivery.RoutingKey);
    }

    /// <summary>Declares a queue and its exchanges exactly as oslo.messaging does: brokers close the channel of who declares otherwise (406).</summary>
    /// <remarks>MassTransit gives every queue an exchange of the queue's own name; here that is the first of the services' exchanges instead.</remarks>
    private void Declare(IRabbitMqReceiveEndpointConfigurator endpoint, BusQueue queue, IEnumerable<BusQueue> others)
    {
        var configuration = (IRabbitMqReceiveEndpointConfiguration)endpoint;
        var settings = (RabbitMqReceiveSettings)configuration.Settings;
        settings.ExchangeName = queue.Exchanges[0];
        settings.RoutingKey = queue.Name;
        Like(settings);
        foreach (var (name, exchange) in queue.Exchanges.Skip(1).Select(e => (queue.Name, e)).Concat(others.SelectMany(o => o.Exchanges.Select(e => (o.Name, e)))))
        {
            configuration.Topology.Consume.BindQueue(exchange, name, binding =>
            {
                Like(binding);
                binding.RoutingKey = name;
            });
        }
    }

    private void Like(IRabbitMqQueueBindingConfigurator entity)
    {
        (entity.ExchangeType, entity.Durable, entity.AutoDelete) = (RabbitMQ.Client.ExchangeType.Topic, _options.Durable || _options.Quorum, false);
        if (_options.Quorum)
            entity.SetQueueArgument("x-queue-type", "quorum");
    }
}
