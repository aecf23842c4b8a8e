using MassTransit;
using MassTransit.RabbitMqTransport.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Notifications.Bus;

namespace Telemetry.Ingest.Posts;

/// <summary>Intake between processes: one is sent POSTs, another stores them (docs/decisions/0008).</summary>
public static class PostServices
{
    /// <summary>For a process that hands POSTs over; of the message bus it has nothing else.</summary>
    /// <param name="patience">How long an answer is waited for.</param>
    public static IServiceCollection AddPostSender(this IServiceCollection services, TimeSpan patience)
    {
        services.AddSingleton(s => new PostSender(patience, s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PostSender>>()));
        services.AddSingleton<IBusUser>(s => s.GetRequiredService<PostSender>());
        return services.AddBus();
    }

    /// <summary>For a process that answers them.</summary>
    public static IServiceCollection AddPostQueue<THandler>(this IServiceCollection services)
        where THandler : class, IPostHandler
    {
        services.AddSingleton<IPostHandler, THandler>();
        return services.AddSingleton<IBusUser, PostQueue>();
    }

    /// <summary>Binds a queue to an exchange that several share, by the queue's own name; MassTransit would make each an exchange.</summary>
    internal static void LeadFrom(this IRabbitMqReceiveEndpointConfigurator endpoint, string exchange)
    {
        var settings = (RabbitMqReceiveSettings)((IRabbitMqReceiveEndpointConfiguration)endpoint).Settings;
        (settings.RoutingKey, settings.ExchangeName) = (settings.QueueName, exchange);
        endpoint.ExchangeType = RabbitMQ.Client.ExchangeType.Direct;
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.DiscardFaultedMessages();
    }
}
