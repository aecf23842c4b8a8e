using System.Text;
using Telemetry.Conformance;
using Telemetry.Ingest.EventStores.EventStoreDb;
using Telemetry.Ingest.EventStores.EventStoreDb.Protocol;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>Reading <c>$all</c>, on a real server where one is given.</summary>
public sealed class EventStoreDbAllTests : IAsyncLifetime
{
    private const uint Window = 7; // there are more events than that between ours

    private readonly string _prefix = EventStoreDbServer.NewPrefix();
    private readonly EventStoreDbClient _client = new(EventStoreDbAddress.Parse(EventStoreDbServer.ConnectionString), TimeSpan.FromSeconds(30));

    public EventStoreDbAllTests(ITestOutputHelper output) => output.WriteLine(EventStoreDbServer.Description);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private FilterOptions Ours => OfStreams(_prefix, $"$${_prefix}");

    /// <summary>Twelve events of two types in streams a-1 and b-1, in turn; after the sixth, twenty of others, and a-1's metadata; a link to the fifth of a-1 at last.</summary>
    public async ValueTask InitializeAsync()
    {
        for (var i = 0; i < 12; i++)
        {
            await AppendAsync(i % 2 == 0 ? "a-1" : "b-1", $"{_prefix}{(i % 3 == 0 ? "one" : "two")}", i.ToString());
            if (i != 6)
                continue;
            await _client.AppendAsync($"other{_prefix}c-1", null, [.. Enumerable.Range(0, 20).Select(_ => EventStoreDbClient.Event(Guid.NewGuid(), "other", isJson: false, [], []))], Ct);
            await _client.AppendAsync($"$${_prefix}a-1", null, [EventStoreDbClient.Event(Guid.NewGuid(), "$metadata", isJson: true, [], "{\"$tb\":2}"u8.ToArray())], Ct);
        }
        await AppendAsync("link-1", "$>", $"4@{_prefix}a-1");
    }

    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Events_of_many_streams_come_in_the_order_of_their_appends_with_metadata_and_with_what_it_hides()
    {
        var events = await ReadAsync(Ours);

        string[] expected = ["0", "1", "2", "3", "4", "5", "6", "{\"$tb\":2}", "7", "8", "9", "10", "11", $"4@{_prefix}a-1"];
        Assert.Equal(expected, events.Select(Text));
        Assert.Equal(expected.Reverse(), (await ReadAsync(Ours, backwards: true)).Select(Text));
        Assert.Equal([0UL, 1, 2, 3, 4, 5], events.Where(e => e.Event.Stream.StreamName.ToStringUtf8() == $"{_prefix}a-1").Select(e => e.Event.Revision));
    }

    [Fact]
    public async Task A_count_is_met_across_windows_in_which_there_is_nothing()
    {
        Assert.Equal(10, (await ReadAsync(Ours, count: 10)).Count);
        Assert.Equal(["6", "7", "8"], (await ReadAsync(OfStreams(_prefix), (await ReadAsync(Ours))[6], count: 3)).Select(Text));
        Assert.Empty(await ReadAsync(OfStreams("nothing" + _prefix)));
    }

    [Fact]
    public async Task Streams_and_types_are_chosen_by_prefix_and_by_expression()
    {
        Assert.Equal(["1", "3", "5", "7", "9", "11"], (await ReadAsync(OfStreams($"{_prefix}b-"))).Select(Text));
        Assert.Equal(["1", "3", "5", "7", "9", "11"], (await ReadAsync(new() { Stream = new() { Regex = $"^{_prefix}[b-d]-1$" }, Max = Window })).Select(Text));
        Assert.Equal(["0", "3", "6", "9"], (await ReadAsync(new() { EventType = new() { Prefix = { $"{_prefix}one" } }, Count = new() })).Select(Text));
        Assert.Equal(["1", "2", "4", "5", "7", "8", "10", "11"], (await ReadAsync(new() { EventType = new() { Regex = $"^{_prefix}t.o$" }, Max = Window })).Select(Text));
    }

    [Fact]
    public async Task A_position_is_where_forwards_goes_on_with_its_event_and_backwards_with_the_one_before()
    {
        var all = await ReadAsync(Ours);
        foreach (var (i, e) in all.Index())
        {
            Assert.Equal(all[i..].Select(Text), (await ReadAsync(Ours, e)).Select(Text));
            Assert.Equal(all[..i].Select(Text).Reverse(), (await ReadAsync(Ours, e, backwards: true)).Select(Text));
        }
    }

    [Fact]
    public async Task A_link_leads_to_its_event_where_it_is_resolved_and_keeps_its_own_place()
    {
        var bare = Assert.Single(await ReadAsync(OfStreams($"{_prefix}link-")));
        var resolved = Assert.Single(await _client.ReadAllAsync(null, backwards: false, long.MaxValue, resolveLinks: true, OfStreams($"{_prefix}link-"), Ct).ToListAsync(Ct));

        Assert.Equal(("8", $"4@{_prefix}a-1"), (Text(resolved), resolved.Link.Data.ToStringUtf8()));
        Assert.Equal(EventStoreDbClient.At(bare), EventStoreDbClient.At(resolved));
    }

    [Fact]
    public async Task The_end_is_where_backwards_begins_and_forwards_ends()
    {
        var last = Assert.Single(await ReadAsync(filter: null, backwards: true, count: 1));

        Assert.True(EventStoreDbClient.At(last).CommitPosition >= EventStoreDbClient.At((await ReadAsync(Ours))[^1]).CommitPosition);
    }

    [Fact]
    public async Task A_read_that_is_broken_off_goes_on_behind_what_it_has()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), TimeSpan.FromSeconds(30));
        await client.AppendAsync("a-1", -1, [.. Enumerable.Range(0, 100).Select(i => EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: false, [], [(byte)i]))], Ct);
        foreach (var backwards in new[] { false, true })
        {
            server.Fail("Read", new(10, "Aborted.", AfterDoing: true));
            server.Fail("Read", new(14, "Not ready."));
            server.Fail("Read", new(14, "gone", AfterDoing: true));

            var read = await client.ReadAllAsync(null, backwards, 90, resolveLinks: false, OfStreams("a-"), Ct).Select(e => (int)e.Event.Data[0]).ToListAsync(Ct);

            Assert.Equal((backwards ? Enumerable.Range(0, 100).Reverse() : Enumerable.Range(0, 100)).Take(90), read);
        }
    }

    [Fact]
    public async Task A_server_that_is_lost_for_good_is_given_up()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), TimeSpan.FromSeconds(1));
        await server.StopAsync();

        Assert.True((await Assert.ThrowsAsync<GrpcException>(() => client.ReadAllAsync(null, backwards: false, 1, resolveLinks: false, null, Ct).ToListAsync(Ct).AsTask())).IsLost);
    }

    [Fact]
    public async Task A_server_before_21_10_lets_everything_through()
    {
        await using var server = await EventStoreDbStandIn.StartAsync();
        server.HasFilteredReads = false;
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(server.ConnectionString), TimeSpan.FromSeconds(30));

        Assert.Equal(["$users"], await client.ReadAllAsync(null, backwards: false, long.MaxValue, resolveLinks: false, OfStreams("a-"), Ct).Select(e => e.Event.Stream.StreamName.ToStringUtf8()).ToListAsync(Ct));
    }

    private static FilterOptions OfStreams(params string[] prefixes) => new() { Stream = new() { Prefix = { prefixes } }, Max = Window };

    private static string Text(ReadEvent e) => e.Event.Data.ToStringUtf8();

    private async Task AppendAsync(string stream, string type, string data) =>
        await _client.AppendAsync(_prefix + stream, null, [EventStoreDbClient.Event(Guid.NewGuid(), type, isJson: false, [], Encoding.UTF8.GetBytes(data))], Ct);

    private async Task<List<ReadEvent>> ReadAsync(FilterOptions? filter, ReadEvent? from = null, bool backwards = false, long count = long.MaxValue) =>
        await _client.ReadAllAsync(from is null ? null : EventStoreDbClient.At(from), backwards, count, resolveLinks: false, filter, Ct).ToListAsync(Ct);
}
