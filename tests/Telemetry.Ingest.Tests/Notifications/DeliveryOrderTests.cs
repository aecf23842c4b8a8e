using Telemetry.Conformance;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Tests.Notifications;

public sealed class DeliveryOrderTests
{
    private readonly ManualTime _clock = new();
    private readonly DeliveryOrder _order;

    public DeliveryOrderTests() => _order = new(_clock);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Messages_come_in_the_order_in_which_they_were_given_out_whatever_order_they_are_ready_in()
    {
        var tags = Enumerable.Range(1, 50).Select(t => (ulong)t).ToArray();
        new Random(1).Shuffle(tags);
        var came = new List<ulong>();
        await Task.WhenAll(tags.Select(async tag =>
        {
            using var turn = _order.Take("c", tag);
            await turn.ComeAsync(Ct);
            came.Add(tag);
        }));

        Assert.Equal(tags.Order(), came);
    }

    [Fact]
    public async Task One_that_leaves_without_having_come_holds_up_nobody()
    {
        var second = _order.Take("c", 2).ComeAsync(Ct);
        Assert.False(second.IsCompleted);

        _order.Take("c", 1).Dispose();

        await second;
    }

    [Fact]
    public async Task What_does_not_come_is_waited_for_once_and_no_longer_than_that()
    {
        var (third, fourth) = (_order.Take("c", 3), _order.Take("c", 4));
        var (comes, after) = (third.ComeAsync(Ct), fourth.ComeAsync(Ct));
        Assert.False(comes.IsCompleted);

        _clock.Advance(DeliveryOrder.Patience);

        await comes;
        third.Dispose();
        await after;
        fourth.Dispose();
        Assert.True(_order.Take("c", 5).ComeAsync(Ct).IsCompleted);
        Assert.True(_order.Take("c", 2).ComeAsync(Ct).IsCompleted); // too late to wait for anything
    }

    [Fact]
    public void Channels_have_orders_of_their_own()
    {
        Assert.True(_order.Take("a", 1).ComeAsync(Ct).IsCompleted);
        Assert.True(_order.Take("b", 1).ComeAsync(Ct).IsCompleted);
        Assert.False(_order.Take("b", 2).ComeAsync(Ct).IsCompleted);
    }

    [Fact]
    public void A_channel_that_is_gone_is_forgotten()
    {
        var channel = Use(_order);

        GC.Collect();
        Assert.False(channel.IsAlive);

        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
        static WeakReference Use(DeliveryOrder order)
        {
            var channel = new object();
            order.Take(channel, 1).Dispose();
            return new(channel);
        }
    }
}
