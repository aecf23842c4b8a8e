using System.Runtime.CompilerServices;

namespace Telemetry.Ingest.Notifications;

/// <summary>Gives messages that are worked on at once the order back in which a broker gave them out. Safe for use by many threads.</summary>
/// <remarks>A broker numbers what it gives out on a channel from 1 on without holes (AMQP 0-9-1, delivery-tag).</remarks>
internal sealed class DeliveryOrder(TimeProvider clock)
{
    /// <summary>How long a message waits for those before it: order is worth no standstill.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly ConditionalWeakTable<object, Channel> _channels = []; // an entry goes with its channel

    /// <summary>The place of a message that was given out; dispose it whatever becomes of the message.</summary>
    /// <param name="channel">What the broker numbers the messages of; every connection has new ones.</param>
    public Turn Take(object channel, ulong tag)
    {
        lock (_lock)
            return new(this, _channels.GetValue(channel, static _ => new()), tag);
    }

    private async Task ComeAsync(Channel channel, ulong tag, CancellationToken ct)
    {
        TaskCompletionSource come;
        lock (_lock)
        {
            if (tag <= channel.Next)
                return;
            come = channel.Waiting[tag] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        try
        {
            await come.Task.WaitAsync(Patience, clock, ct);
        }
        catch (TimeoutException)
        {
            lock (_lock)
                channel.GoOnAt(tag); // what is before it is stuck, or does not come
        }
    }

    private void Leave(Channel channel, ulong tag)
    {
        lock (_lock)
        {
            if (tag < channel.Next)
                return;
            channel.Gone.Add(tag);
            channel.GoOnAt(channel.Next);
        }
    }

    /// <summary>A message's place in the order.</summary>
    public sealed class Turn : IDisposable
    {
        private readonly DeliveryOrder _order;
        private readonly Channel _channel;
        private readonly ulong _tag;

        internal Turn(DeliveryOrder order, Channel channel, ulong tag) => (_order, _channel, _tag) = (order, channel, tag);

        /// <summary>Completes when all that were given out before have left, or take too long.</summary>
        public Task ComeAsync(CancellationToken ct) => _order.ComeAsync(_channel, _tag, ct);

        /// <summary>Lets the next one come.</summary>
        public void Dispose() => _order.Leave(_channel, _tag);
    }

    internal sealed class Channel
    {
        /// <summary>The lowest tag that has not left.</summary>
        public ulong Next { get; private set; } = 1;

        public HashSet<ulong> Gone { get; } = [];
        public Dictionary<ulong, TaskCompletionSource> Waiting { get; } = [];

        public void GoOnAt(ulong tag)
        {
            if (tag > Next)
            {
                Gone.RemoveWhere(t => t < tag);
                foreach (var late in Waiting.Keys.Where(t => t < tag).ToList())
                    Come(late);
                Next = tag;
            }
            while (Gone.Remove(Next))
                Next++;
            Come(Next);
        }

        private void Come(ulong tag)
        {
            if (Waiting.Remove(tag, out var waiting))
                waiting.SetResult();
        }
    }
}
