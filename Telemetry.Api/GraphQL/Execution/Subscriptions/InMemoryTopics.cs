using System.Threading.Channels;

namespace Telemetry.Api.GraphQL.Execution;

/// <summary>Topics within the process: a bounded channel a subscriber, so that nobody waits for anybody.</summary>
internal sealed class InMemoryTopics(int bufferCapacity = InMemoryTopics.DefaultBufferCapacity) : ITopicEventSender, ITopicEventReceiver
{
    public const int DefaultBufferCapacity = 256;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<ISubscriber>> _topics = new(StringComparer.Ordinal);

    private interface ISubscriber
    {
        void Complete();
    }

    public ValueTask SendAsync<TMessage>(string topicName, TMessage message, CancellationToken ct = default)
    {
        foreach (var subscriber in SubscribersOf(topicName).OfType<Subscriber<TMessage>>())
            subscriber.Send(message);
        return default;
    }

    public ValueTask CompleteAsync(string topicName)
    {
        foreach (var subscriber in SubscribersOf(topicName))
            subscriber.Complete();
        return default;
    }

    public ValueTask<ISourceStream<TMessage>> SubscribeAsync<TMessage>(string topicName, CancellationToken ct = default)
    {
        var subscriber = new Subscriber<TMessage>(this, topicName, bufferCapacity, ct);
        lock (_lock)
        {
            if (!_topics.TryGetValue(topicName, out var list))
                _topics.Add(topicName, list = []);
            list.Add(subscriber);
        }

        return new(subscriber);
    }

    /// <summary>Topics with subscribers.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _topics.Count;
        }
    }

    /// <summary>Subscribers of all topics.</summary>
    public int SubscriberCount
    {
        get
        {
            lock (_lock)
                return _topics.Values.Sum(list => list.Count);
        }
    }

    private ISubscriber[] SubscribersOf(string topic)
    {
        lock (_lock)
            return _topics.TryGetValue(topic, out var list) ? [.. list] : [];
    }

    private void Remove(string topic, ISubscriber subscriber)
    {
        lock (_lock)
        {
            if (_topics.TryGetValue(topic, out var list) && list.Remove(subscriber) && list.Count == 0)
                _topics.Remove(topic);
        }
    }

    private sealed class Subscriber<T>(InMemoryTopics owner, string topic, int capacity, CancellationToken ct) : ISubscriber, ISourceStream<T>
    {
        private readonly Channel<T> _channel = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true });
        private volatile GraphQLException? _failure;

        public void Send(T message)
        {
            if (_channel.Writer.TryWrite(message))
                return;
            _failure = new(new Error($"The subscriber fell more than {capacity} events behind.") { Code = ErrorCodes.SlowSubscriber });
            _channel.Writer.TryComplete(_failure);
            owner.Remove(topic, this);
        }

        public void Complete() => _channel.Writer.TryComplete();

        public async IAsyncEnumerable<T> ReadEventsAsync()
        {
            while (await _channel.Reader.WaitToReadAsync(ct).ConfigureAwait(false))
            {
                while (_channel.Reader.TryRead(out var message))
                {
                    // Who fell behind is told at once, not after everything that has piled up.
                    if (_failure is { } failure)
                        throw failure;
                    yield return message;
                }
            }
        }

        public ValueTask DisposeAsync()
        {
            owner.Remove(topic, this);
            _channel.Writer.TryComplete();
            return default;
        }
    }
}
