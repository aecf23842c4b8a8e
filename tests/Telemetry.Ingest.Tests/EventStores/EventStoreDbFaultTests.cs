using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores;
using Telemetry.Ingest.EventStores.EventStoreDb;
using Telemetry.Ingest.EventStores.Sqlite;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>What a client of EventStoreDB meets, by a stand-in that does it when told to.</summary>
public sealed class EventStoreDbFaultTests : IAsyncLifetime
{
    private const int Unavailable = 14, Aborted = 10, PermissionDenied = 7;

    private static readonly StreamName Stream = new("alarm", "1");

    private EventStoreDbStandIn _server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await EventStoreDbStandIn.StartAsync();

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task An_append_whose_answer_was_lost_is_stored_once()
    {
        using var store = Open();
        await store.AppendAsync([Json()], Ct);
        await using var subscriber = store.SubscribeAsync(1, Ct).GetAsyncEnumerator(Ct);
        var next = subscriber.MoveNextAsync();
        _server.Fail("Append", new(Unavailable, "gone", AfterDoing: true));
        var e = Json();

        var result = await store.AppendAsync([e, Json()], Ct);

        Assert.Equal(3, result.Position);
        Assert.Equal([1L, 2, 3], await store.ReadStreamAsync(Stream, ct: Ct).Select(s => s.Version).ToListAsync(Ct));
        Assert.True(await next);
        Assert.Equal((2, e.Id), (subscriber.Current.Position, subscriber.Current.Id));
    }

    [Fact]
    public async Task A_server_that_is_lost_and_comes_back_in_time_is_not_noticed()
    {
        using var store = Open(timeoutSeconds: 60);
        await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        await store.AppendAsync([Json()], Ct);
        Assert.True(await subscriber.MoveNextAsync());

        await _server.StopAsync();
        var append = store.AppendAsync([Json()], Ct);
        var next = subscriber.MoveNextAsync();
        await _server.StartAgainAsync();

        Assert.Equal(2, (await append).Position);
        Assert.True(await next);
        Assert.Equal(2, subscriber.Current.Position);
    }

    [Fact]
    public async Task A_server_that_stands_still_refuses_appends_as_busy_and_goes_on_where_it_stood()
    {
        using var store = Open(timeoutSeconds: 1);
        await store.AppendAsync([Json()], Ct);
        var during = Json();
        _server.Pause();
        await Assert.ThrowsAsync<EventStoreBusyException>(() => store.AppendAsync([during], Ct));
        await Assert.ThrowsAsync<EventStoreBusyException>(() => store.AppendAsync([Json()], Ct)); // at once
        await Assert.ThrowsAsync<EventStoreBusyException>(() => store.HeadAsync(Ct));
        _server.Resume();

        while (true)
        {
            try
            {
                await store.AppendAsync([during], Ct);
                break;
            }
            catch (EventStoreBusyException)
            {
                await Task.Delay(20, Ct); // as a client does
            }
        }
        using var fresh = Open();
        Assert.Equal(2, await fresh.ReadAllAsync(ct: Ct).CountAsync(Ct));
    }

    [Fact]
    public async Task A_subscription_that_the_server_ends_goes_on_from_its_last_position_without_gap_or_repeat()
    {
        using var reader = Open();
        using var writer = Open();
        await using var subscriber = reader.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        var seen = new List<long>();
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                if (i == 10)
                    _server.AbortSubscriptions();
                await writer.AppendAsync([Json()], Ct);
            }
            while (seen.Count < (round + 1) * 20 && await subscriber.MoveNextAsync())
                seen.Add(subscriber.Current.Position);
        }

        Assert.Equal(Enumerable.Range(1, 100).Select(n => (long)n), seen);
        Assert.True(_server.Calls("Read") > 5);
    }

    [Fact]
    public async Task Several_processes_write_one_log_without_gap_or_double()
    {
        using var one = Open();
        using var two = Open();
        using var three = Open();
        var shared = Json();
        await Task.WhenAll(new[] { one, two, three }.Select(store => Task.Run(async () =>
        {
            await store.AppendAsync([shared], Ct); // the same event, by all of them
            for (var i = 0; i < 50; i++)
                await store.AppendAsync([Json(), Samples()], Ct);
        }, Ct)));

        foreach (var store in new[] { one, two, three })
        {
            Assert.Equal(Enumerable.Range(1, 301).Select(n => (long)n), await store.ReadAllAsync(ct: Ct).Select(e => e.Position).ToListAsync(Ct));
            Assert.Equal(Enumerable.Range(1, 151).Select(n => (long)n), await store.ReadStreamAsync(Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
            Assert.Single(await store.ReadAllAsync(ct: Ct).Where(e => e.Id == shared.Id).ToListAsync(Ct));
        }
    }

    [Fact]
    public async Task Of_processes_that_expect_one_version_one_wins()
    {
        using var one = Open();
        using var two = Open();
        await one.AppendAsync([Json(expected: 0)], Ct);

        var error = await Assert.ThrowsAsync<WrongExpectedVersionException>(() => two.AppendAsync([Json(expected: 0)], Ct));

        Assert.Equal((0, 1), (error.Expected, error.Actual));
        Assert.Equal(2, (await two.AppendAsync([Json(expected: 1)], Ct)).Position);
    }

    [Fact]
    public async Task What_another_process_has_stored_is_found_and_listed_at_once()
    {
        using var one = Open();
        using var two = Open();
        var e = Samples();
        await one.AppendAsync([e], Ct);

        Assert.Equal(1, await two.HeadAsync(Ct));
        Assert.Equal(1, (await two.FindAsync(e.Id, Ct))?.Position);
        Assert.Equal(e.Streams.Select(s => new StreamVersion(s.Stream, 1)), await two.ListStreamsAsync(ct: Ct).ToListAsync(Ct));
        Assert.Single(await two.ReadStreamAsync(e.Streams[1].Stream, ct: Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task Appends_go_in_requests_that_the_server_takes_and_larger_ones_are_cut()
    {
        _server.MaxAppendBytes = 10_000; // it says so when it refuses
        using var store = Open();
        var small = Enumerable.Range(0, 40).Select(_ => Task.Run(() => store.AppendAsync([Json(2_000)], Ct), Ct)).ToArray();
        var large = Json(1_000_000);
        await store.AppendAsync([Json(6_000), large, Json(6_000)], Ct);
        await Task.WhenAll(small);
        using var again = Open();

        var sizes = await again.ReadAllAsync(ct: Ct).Select(e => ((EventBody.Json)e.Body).Utf8.Length).ToListAsync(Ct);
        Assert.Equal([.. Enumerable.Repeat(2_000, 40), 6_000, 6_000, 1_000_000], sizes.Order());
        Assert.True((await again.AppendAsync([large], Ct)).AlreadyStored);
    }

    [Fact]
    public async Task A_cut_append_that_was_broken_off_is_stored_once_when_it_is_repeated()
    {
        using var store = Open();
        var large = Json(3 << 20);
        _server.Fail("Append", new(Unavailable, "gone", AfterDoing: true)); // a part
        _server.Fail("Append", new(Aborted, "Operation timed out", AfterDoing: true)); // another one

        await store.AppendAsync([large], Ct);

        Assert.Equal(3 << 20, ((EventBody.Json)Assert.Single(await store.ReadAllAsync(ct: Ct).ToListAsync(Ct)).Body).Utf8.Length);
    }

    [Fact]
    public async Task A_stream_that_was_deleted_for_good_takes_nothing_and_harms_no_other()
    {
        using (var before = Open())
        {
            await before.AppendAsync([Json()], Ct);
            await IndexedAsync(before);
        }
        _server.Tombstone("alarm-1");
        using var store = Open();

        var error = await Assert.ThrowsAsync<ArgumentException>(() => store.AppendAsync([Json()], Ct));
        Assert.Contains("'alarm-1' was deleted for good", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await store.AppendAsync([Json(stream: new("alarm", "2"))], Ct)).Position);
        Assert.Empty(await store.ReadStreamAsync(Stream, ct: Ct).ToListAsync(Ct));
        Assert.Equal(2, await store.ReadAllAsync(ct: Ct).CountAsync(Ct)); // the log has it still
        Assert.Equal(["alarm-2"], await store.ListStreamsAsync(ct: Ct).Select(s => s.Stream.ToString()).ToListAsync(Ct));
    }

    [Theory]
    [InlineData("""{"$tb":3}""")]
    [InlineData("""{"$maxCount":7}""")]
    public async Task A_read_of_a_stream_that_was_cut_off_fails_where_events_are_missing_instead_of_being_short(string metadata)
    {
        using (var before = Open())
        {
            for (var i = 0; i < 10; i++)
                await before.AppendAsync([Json()], Ct);
            await IndexedAsync(before);
        }
        _server.SetMetadata("alarm-1", metadata);
        using var store = Open();

        Assert.Equal("Stream 'alarm-1' has no event 0 in EventStoreDB, although it ends later: it was cut off or deleted.", await ReadAsync(1, ReadDirection.Forwards));
        Assert.Equal("10 9 8 7 6 5 4 Stream 'alarm-1' has no event 2 in EventStoreDB, although it ends later: it was cut off or deleted.", await ReadAsync(10, ReadDirection.Backwards));
        Assert.Equal("9 10 ", await ReadAsync(9, ReadDirection.Forwards));
        _server.SetMetadata("alarm-1", "{}");
        _server.Replace("alarm-1", 4, "1@telemetry-log");
        Assert.Equal("1 2 3 4 Event 4 of stream 'alarm-1' leads to position 2 of the log, where version 5 is not.", await ReadAsync(1, ReadDirection.Forwards));

        async Task<string> ReadAsync(long from, ReadDirection direction)
        {
            var read = "";
            try
            {
                await foreach (var e in store.ReadStreamAsync(Stream, from, direction, Ct))
                    read += $"{e.Version} ";
                return read;
            }
            catch (InvalidDataException e)
            {
                return read + e.Message;
            }
        }
    }

    [Fact]
    public async Task An_index_that_was_broken_off_is_completed_by_whoever_opens_the_log_next()
    {
        var streams = Samples().Streams.Select(s => s.Stream).ToList();
        for (var i = 0; i < 3; i++)
            _server.Fail("BatchAppend", new(Unavailable, "in the middle", AfterDoing: true));
        using (var store = Open())
        {
            for (var i = 0; i < 30; i++)
                await store.AppendAsync([Samples()], Ct);
        }
        while (_server.Count("telemetry-indexed") == 0)
        {
            var tries = _server.Calls("BatchAppend");
            using var again = Open();
            foreach (var stream in streams)
                Assert.Equal(Enumerable.Range(1, 30).Select(n => (long)n), await again.ReadStreamAsync(stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
            await Poll.UntilAsync(() => _server.Calls("BatchAppend") != tries);
        }

        using var last = Open();
        await IndexedAsync(last);
        foreach (var stream in streams)
        {
            Assert.Equal(30, _server.Count(stream.ToString()));
            Assert.Equal(Enumerable.Range(1, 30).Reverse().Select(n => (long)n), await last.ReadStreamAsync(stream, long.MaxValue, ReadDirection.Backwards, Ct).Select(e => e.Version).ToListAsync(Ct));
        }
    }

    [Fact]
    public async Task A_server_without_the_batch_call_does_as_well()
    {
        _server.HasBatchAppend = false;
        using var store = Open();
        var e = Samples();
        await store.AppendAsync([e], Ct);
        await IndexedAsync(store);

        Assert.Equal(1, _server.Count(e.Streams[0].Stream.ToString()));
        Assert.Equal(1, _server.Count($"telemetryid-{e.Id}"));
    }

    [Fact]
    public async Task A_user_without_rights_is_told_and_nothing_is_repeated()
    {
        using var store = Open();
        _server.Fail("Append", new(PermissionDenied, "Access Denied", Trailers: [("exception", "access-denied")]));

        Assert.Contains("refuses the user", (await Assert.ThrowsAsync<EventStoreBusyException>(() => store.AppendAsync([Json()], Ct))).Message, StringComparison.Ordinal);
        Assert.Equal(1, (await store.AppendAsync([Json()], Ct)).Position);
    }

    [Fact]
    public async Task A_stream_that_is_no_log_of_ours_is_refused()
    {
        using (var client = new EventStoreDbClient(EventStoreDbAddress.Parse(_server.ConnectionString), TimeSpan.FromSeconds(10)))
            await client.AppendAsync("telemetry-log", -1, [EventStoreDbClient.Event(Guid.NewGuid(), "t", isJson: true, "{}"u8.ToArray(), "{}"u8.ToArray())], Ct);

        Assert.Contains("is no event of a log of telemetry", Assert.Throws<InvalidDataException>(() => Open()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_goes_there_and_back_and_is_the_same()
    {
        using var directories = new TemporaryDirectory();
        using var source = new SqliteEventStore(Directory.CreateDirectory(Path.Combine(directories.Path, "1")).FullName, TimeProvider.System);
        using var back = new SqliteEventStore(Directory.CreateDirectory(Path.Combine(directories.Path, "2")).FullName, TimeProvider.System);
        for (var i = 0; i < 50; i++)
            await source.AppendAsync([Json(i), Samples()], Ct);
        using var store = Open();

        var there = await new LogCopy(source, store).RunAsync(ct: Ct);
        var again = await new LogCopy(store, back).RunAsync(ct: Ct);

        Assert.Equal((100L, 100L, true), (there.Copied, there.Events, there.SamePositions));
        Assert.Equal(there, again);
        Assert.Equal(await source.ListStreamsAsync(ct: Ct).ToListAsync(Ct), await store.ListStreamsAsync(ct: Ct).ToListAsync(Ct));
    }

    private EventStoreDbEventStore Open(int timeoutSeconds = 10) =>
        new(EventStoreDbAddress.Parse(_server.ConnectionString), TimeProvider.System, new() { TimeoutSeconds = timeoutSeconds });

    /// <summary>Waits until everything is indexed.</summary>
    private async Task IndexedAsync(EventStoreDbEventStore store)
    {
        using var client = new EventStoreDbClient(EventStoreDbAddress.Parse(_server.ConnectionString), TimeSpan.FromSeconds(10));
        var index = new LogIndex(client, new(""), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        await Poll.UntilAsync(async () => await index.IndexedAsync(Ct) >= await store.HeadAsync(Ct));
    }

    private static NewEvent Json(int length = 2, StreamName? stream = null, long? expected = null)
    {
        var json = new byte[length];
        Array.Fill(json, (byte)' ');
        return new(EventId.New(), "alarm-changed", new EventBody.Json(json), [new(stream ?? Stream, expected)]);
    }

    private static NewEvent Samples()
    {
        var batch = new SampleBatch(
            [.. Enumerable.Range(0, 3).Select(i => new SeriesKey("cpu", SampleType.Gauge, "%", "vm", $"p{i}", "u", "openstack"))],
            [0, 1, 2], [0, 1, 2], [.. Enumerable.Range(0, 3).Select(_ => Metadata.Empty)]);
        return new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))]);
    }
}
