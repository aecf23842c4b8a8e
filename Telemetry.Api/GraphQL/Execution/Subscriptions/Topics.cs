namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Sends events to those who subscribe to a topic.</summary>
internal interface ITopicEventSender
{
    /// <summary>Never waits: a subscriber whose buffer is full is ended with an error instead.</summary>
    ValueTask SendAsync<TMessage>(string topicName, TMessage message, CancellationToken ct = default);

    /// <summary>Ends the topic's subscriptions, after what was sent.</summary>
    ValueTask CompleteAsync(string topicName);
}

/// <summary>Subscribes to topics.</summary>
internal interface ITopicEventReceiver
{
    /// <summary>What is sent from now on.</summary>
    ValueTask<ISourceStream<TMessage>> SubscribeAsync<TMessage>(string topicName, CancellationToken ct = default);
}

/// <summary>The events of one subscriber. Disposing it unsubscribes.</summary>
internal interface ISourceStream<out TMessage> : IAsyncDisposable
{
    /// <exception cref="GraphQLException">The subscriber was too slow.</exception>
    IAsyncEnumerable<TMessage> ReadEventsAsync();
}
