using Telemetry.Domain.Streams;

namespace Telemetry.Conformance;

public abstract partial class EventStoreConformance
{
    [Fact]
    public async Task A_subscriber_gets_what_is_stored_and_then_what_comes()
    {
        var stored = await AppendManyAsync(100);
        await using var subscriber = Store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);

        Assert.Equal(stored, await NextAsync(subscriber, 100));
        var next = NextAsync(subscriber, 50);
        var live = await AppendManyAsync(50);
        Assert.Equal(live, await next);
    }

    [Fact]
    public async Task A_subscriber_begins_after_the_position_it_names()
    {
        var stored = await AppendManyAsync(5);
        await using var subscriber = Store.SubscribeAsync(stored[2], Ct).GetAsyncEnumerator(Ct);

        Assert.Equal(stored[3..], await NextAsync(subscriber, 2));
    }

    [Fact]
    public async Task Subscribers_that_join_while_others_write_miss_nothing_and_get_nothing_twice()
    {
        var writers = Enumerable.Range(0, 4).Select(_ => Task.Run(() => AppendManyAsync(100), Ct)).ToArray();
        var subscribers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            await using var subscriber = Store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
            return await NextAsync(subscriber, 400);
        }, Ct)).ToArray();
        var written = (await Task.WhenAll(writers)).SelectMany(positions => positions).Order().ToList();

        foreach (var seen in await Task.WhenAll(subscribers))
            Assert.Equal(written, seen);
    }

    [Fact]
    public async Task A_subscription_goes_on_after_a_restart_from_the_position_it_had()
    {
        var before = await AppendManyAsync(10);
        long reached;
        await using (var subscriber = Store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct))
            reached = (await NextAsync(subscriber, 7))[^1];
        await ReopenAsync();
        var after = await AppendManyAsync(5);

        await using var again = Store.SubscribeAsync(reached, Ct).GetAsyncEnumerator(Ct);
        Assert.Equal([.. before[7..], .. after], await NextAsync(again, 8));
    }

    [Fact]
    public async Task A_slow_subscriber_misses_nothing_and_holds_up_nobody()
    {
        await using var slow = Store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        var first = NextAsync(slow, 1); // it follows live now, and then takes nothing more for long
        var written = await AppendManyAsync(1);
        Assert.Equal(written, await first);

        written.AddRange(await AppendManyAsync(1_000));

        Assert.Equal(written[1..], await NextAsync(slow, 1_000));
        written.AddRange(await AppendManyAsync(1));
        Assert.Equal(written[^1..], await NextAsync(slow, 1));
    }

    [Fact]
    public async Task A_subscriber_gets_samples_live_as_from_the_log()
    {
        await using var subscriber = Store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        var next = subscriber.MoveNextAsync();
        var appended = SamplesEvent(Batch(12));
        await Store.AppendAsync([appended], Ct);
        Assert.True(await next);

        var stored = Assert.Single(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        var live = subscriber.Current;
        Assert.Equal((stored.Position, stored.Id, stored.Type, stored.RecordedAt), (live.Position, live.Id, live.Type, live.RecordedAt));
        Assert.Equal(stored.Streams, live.Streams);
        Assert.Equal(Samples(stored).Series, Samples(live).Series);
        Assert.Equal(Samples(stored).Volumes, Samples(live).Volumes);
    }

    [Fact]
    public async Task A_cancelled_subscription_ends()
    {
        using var cancel = new CancellationTokenSource();
        await using var subscriber = Store.SubscribeAsync(0, cancel.Token).GetAsyncEnumerator(Ct);
        var next = subscriber.MoveNextAsync();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private async Task<List<long>> AppendManyAsync(int count)
    {
        var positions = new List<long>(count);
        for (var i = 0; i < count; i++)
            positions.Add((await Store.AppendAsync([Event()], Ct)).Position);
        return positions;
    }

    private static async Task<List<long>> NextAsync(IAsyncEnumerator<RecordedEvent> subscriber, int count)
    {
        var positions = new List<long>(count);
        while (positions.Count < count && await subscriber.MoveNextAsync())
            positions.Add(subscriber.Current.Position);
        return positions;
    }
}
