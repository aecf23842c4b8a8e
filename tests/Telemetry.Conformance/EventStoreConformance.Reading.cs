using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Conformance;

public abstract partial class EventStoreConformance
{
    [Fact]
    public async Task The_log_is_read_in_order_from_any_position()
    {
        var appended = new List<(long, EventId)>();
        for (var i = 0; i < 150; i++) // more than a page
        {
            var e = Event(stream: new("alarm", (i % 7).ToString()));
            appended.Add(((await Store.AppendAsync([e], Ct)).Position, e.Id));
        }
        await ReopenAsync();

        Assert.Equal(appended, await Store.ReadAllAsync(ct: Ct).Select(e => (e.Position, e.Id)).ToListAsync(Ct));
        Assert.Equal(appended[70..], await Store.ReadAllAsync(appended[69].Item1, Ct).Select(e => (e.Position, e.Id)).ToListAsync(Ct));
        Assert.Empty(await Store.ReadAllAsync(appended[^1].Item1 + 5, Ct).ToListAsync(Ct));
        Assert.Equal(appended[^1].Item1, await Store.HeadAsync(Ct));
    }

    [Fact]
    public async Task The_index_of_streams_has_every_version_of_every_stream_once()
    {
        for (var i = 0; i < 300; i++) // more than waits to be indexed
            await Store.AppendAsync(i % 3 == 0 ? [SamplesEvent(Batch(6)), Event()] : [Event(stream: new("alarm", (i % 7).ToString()))], Ct);
        var expected = await EntriesAsync().ToListAsync(Ct);

        Assert.Equal(expected.ToHashSet(), await IndexAsync());
        await ReopenAsync();
        Assert.Equal(expected.ToHashSet(), await IndexAsync());

        IAsyncEnumerable<IndexEntry> EntriesAsync() => Store.ReadAllAsync(ct: Ct).SelectMany(e => IndexEntry.Of(e.Position, e.Streams));
        async Task<HashSet<IndexEntry>> IndexAsync()
        {
            var entries = await Store.ReadIndexAsync(Ct).ToListAsync(Ct);
            Assert.Equal(expected.Count, entries.Count); // none twice
            return [.. entries];
        }
    }

    [Fact]
    public async Task A_read_ends_where_the_log_ended_when_it_began()
    {
        await Store.AppendAsync([Event(), Event()], Ct);
        var (all, stream) = (0, 0);
        await foreach (var _ in Store.ReadAllAsync(ct: Ct))
        {
            all++;
            await Store.AppendAsync([Event()], Ct);
        }
        await foreach (var _ in Store.ReadStreamAsync(_stream, ct: Ct))
        {
            stream++;
            await Store.AppendAsync([Event()], Ct);
        }

        Assert.Equal((2, 4), (all, stream));
    }

    [Fact]
    public async Task A_stream_is_read_from_any_version_both_ways()
    {
        for (var i = 0; i < 150; i++)
            await Store.AppendAsync([Event(), Event(stream: new("alarm", "other"))], Ct);
        await ReopenAsync();

        Task<List<long>> Read(long from, ReadDirection direction) =>
            Store.ReadStreamAsync(_stream, from, direction, Ct).Select(e => e.Version).ToListAsync(Ct).AsTask();
        static IEnumerable<long> Range(int from, int to) => Enumerable.Range(from, to - from + 1).Select(n => (long)n);
        Assert.Equal(Range(1, 150), await Read(1, ReadDirection.Forwards));
        Assert.Equal(Range(1, 150), await Read(long.MinValue, ReadDirection.Forwards));
        Assert.Equal(Range(40, 150), await Read(40, ReadDirection.Forwards));
        Assert.Empty(await Read(151, ReadDirection.Forwards));
        Assert.Equal(Range(1, 150).Reverse(), await Read(long.MaxValue, ReadDirection.Backwards));
        Assert.Equal(Range(1, 40).Reverse(), await Read(40, ReadDirection.Backwards));
        Assert.Empty(await Read(0, ReadDirection.Backwards));
    }

    [Fact]
    public async Task An_event_is_found_by_id_and_position()
    {
        var (one, two) = (Event(), SamplesEvent(Batch(9)));
        await Store.AppendAsync([one], Ct);
        var position = (await Store.AppendAsync([two], Ct)).Position;
        await ReopenAsync();

        Assert.Equal(two.Id, (await Store.FindAsync(position, Ct))?.Id);
        Assert.Equal(position, (await Store.FindAsync(two.Id, Ct))?.Position);
        Assert.Equal(one.Id, (await Store.FindAsync(one.Id, Ct))?.Id);
        Assert.Equal(two.Id, (await Store.FindAsync(EventId.Containing(two.Id.Sample(8)), Ct))?.Id);
        Assert.Null(await Store.FindAsync(EventId.New(), Ct));
        Assert.Null(await Store.FindAsync(position + 1, Ct));
        Assert.Null(await Store.FindAsync(0, Ct));
        Assert.Null(await Store.FindAsync(-1, Ct));
    }

    [Theory]
    [InlineData(false)] // as it was just written
    [InlineData(true)]
    public async Task Many_streams_many_positions_and_many_ids_are_read_together(bool reopened)
    {
        var positions = new List<long>();
        var ids = new List<EventId>();
        for (var i = 0; i < 90; i++)
        {
            var e = Event(stream: new("alarm", $"s{i % 3}"));
            ids.Add(e.Id);
            positions.Add((await Store.AppendAsync([e], Ct)).Position);
            await Store.AppendAsync([SamplesEvent(Batch(12))], Ct); // between them
        }
        if (reopened)
            await ReopenAsync();
        await Store.AppendAsync([Event(stream: new("alarm", "s1"))], Ct);

        var together = await Store.ReadStreamsAsync([new("alarm", "s2"), new("alarm", "none"), new("alarm", "s1"), new("alarm", "s0")], Ct).Select(e => $"{e.Stream} {e.Version}").ToListAsync(Ct);
        Assert.Equal(new[] { ("s2", 30), ("s1", 31), ("s0", 30) }.SelectMany(s => Enumerable.Range(1, s.Item2).Select(v => $"alarm-{s.Item1} {v}")), together);
        Assert.Empty(await Store.ReadStreamsAsync([], Ct).ToListAsync(Ct));

        var found = await Store.FindAsync([positions[^1] + 1_000, .. Enumerable.Reverse(positions), positions[0], 0, -1], Ct);
        Assert.Equal(positions, found.Select(e => e.Position));
        Assert.Empty(await Store.FindAsync(Array.Empty<long>(), Ct));

        var named = await Store.FindAsync([EventId.New(), .. Enumerable.Reverse(ids), ids[0], EventId.Containing(ids[1].Sample(7))], Ct);
        Assert.Equal(positions.Zip(ids), named.Select(e => (e.Position, e.Id)));
        Assert.Empty(await Store.FindAsync(Array.Empty<EventId>(), Ct));
    }

    [Fact]
    public async Task Streams_are_listed_by_prefix_in_ordinal_order()
    {
        foreach (var name in (string[])["key-b", "alarm-2", "alarm-10", "alarm-Z", "alarm-é", "alarms-1", "key-a"])
            await Store.AppendAsync([Event(stream: StreamName.Parse(name))], Ct);
        await Store.AppendAsync([Event(stream: new("key", "a"))], Ct);
        await ReopenAsync();

        Task<List<string>> List(string prefix) =>
            Store.ListStreamsAsync(prefix, Ct).Select(s => $"{s.Stream} {s.Version}").ToListAsync(Ct).AsTask();
        Assert.Equal(["alarm-10 1", "alarm-2 1", "alarm-Z 1", "alarm-é 1", "alarms-1 1", "key-a 2", "key-b 1"], await List(""));
        Assert.Equal(["alarm-10 1", "alarm-2 1", "alarm-Z 1", "alarm-é 1"], await List("alarm-"));
        Assert.Equal(["key-a 2"], await List("key-a"));
        Assert.Empty(await List("none"));
    }

    [Fact]
    public async Task More_streams_than_fit_a_page_are_listed()
    {
        var samples = Enumerable.Range(0, 2_500).ToArray();
        var batch = new SampleBatch([.. samples.Select(i => Key($"p{i:0000}"))], new long[2_500], new double[2_500], [.. samples.Select(_ => Metadata.Empty)]);
        await Store.AppendAsync([SamplesEvent(batch)], Ct);

        Assert.Equal(samples.Select(i => $"samples-p{i:0000}-1970-01"), await Store.ListStreamsAsync("samples-", Ct).Select(s => s.Stream.ToString()).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_batch_over_many_streams_is_one_event_in_each()
    {
        var (first, second) = (SamplesEvent(Batch(12)), SamplesEvent(Batch(12)));
        var result = await Store.AppendAsync([first], Ct);
        await Store.AppendAsync([second], Ct);
        await ReopenAsync();

        Assert.Equal(Batch(12).Streams().Select(s => new StreamVersion(s, 1)), result.Streams);
        foreach (var (part, stream) in Batch(12).Streams().Index())
        {
            var events = await Store.ReadStreamAsync(stream, ct: Ct).ToListAsync(Ct);
            Assert.Equal([1L, 2], events.Select(e => e.Version));
            Assert.Equal([stream, stream], events.Select(e => e.Stream));
            Assert.Equal([first.Id.Share(part), second.Id.Share(part)], events.Select(e => e.Id));
            Assert.All(events, e => Assert.Contains(new StreamVersion(stream, e.Version), e.Event.Streams));
            Assert.All(events, e => Assert.Equal(2, Enumerable.Range(0, 12).Count(i => Samples(e.Event).StreamOf(i) == stream)));
        }
    }

    [Fact]
    public async Task An_event_of_one_stream_has_its_own_id_there()
    {
        var e = Event();
        await Store.AppendAsync([e], Ct);

        Assert.Equal(e.Id.Value, Assert.Single(await Store.ReadStreamAsync(_stream, ct: Ct).ToListAsync(Ct)).Id);
    }

    [Fact]
    public async Task A_batch_may_expect_versions_of_each_of_its_streams()
    {
        var batch = SamplesEvent(Batch(12));
        await Store.AppendAsync([batch with { Streams = [.. batch.Streams.Select(s => s with { ExpectedVersion = 0 })] }], Ct);

        var late = batch.Streams[^1].Stream;
        var again = SamplesEvent(Batch(12));
        var error = await Assert.ThrowsAsync<WrongExpectedVersionException>(() =>
            Store.AppendAsync([again with { Streams = [.. again.Streams.Select(s => s with { ExpectedVersion = s.Stream == late ? 0 : 1 })] }], Ct));

        Assert.Equal(late, error.Stream);
        Assert.All(await Store.ListStreamsAsync(ct: Ct).ToListAsync(Ct), s => Assert.Equal(1, s.Version));
    }

    [Fact]
    public async Task Samples_come_back_bit_by_bit_with_ids_and_signatures()
    {
        var plain = Batch(5);
        var batch = new SampleBatch(plain.Series, plain.Timestamps, [0, -0.0, double.Epsilon, 0.1, -1e300], plain.Metadata,
            new MessageIds([.. Enumerable.Range(0, 5).Select(i => i == 3 ? Guid.Empty : new Guid(i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10))], new Dictionary<int, string> { [3] = "m-é" }),
            [.. Enumerable.Range(0, 160).Select(i => (byte)i)]);
        await Store.AppendAsync([SamplesEvent(batch)], Ct);
        await ReopenAsync();

        var read = Samples(Assert.Single(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct)));

        Assert.Equal(batch.Series, read.Series);
        Assert.Equal(batch.Timestamps, read.Timestamps);
        Assert.Equal(batch.Volumes.Select(BitConverter.DoubleToInt64Bits), read.Volumes.Select(BitConverter.DoubleToInt64Bits));
        Assert.Equal(batch.Metadata, read.Metadata);
        Assert.Equal(Enumerable.Range(0, 5).Select(i => batch.MessageIds![i]), Enumerable.Range(0, 5).Select(i => read.MessageIds?[i]));
        Assert.Equal(batch.Signatures, read.Signatures);
    }

    [Fact]
    public async Task Large_and_empty_payloads_are_kept()
    {
        var large = new byte[16 << 20];
        Array.Fill(large, (byte)'1');
        var batch = Batch(100_000);
        await Store.AppendAsync([Event(large), Event([])], Ct);
        await Store.AppendAsync([SamplesEvent(batch)], Ct);
        await ReopenAsync();

        var events = await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct);
        Assert.True(large.AsSpan().SequenceEqual(Assert.IsType<EventBody.Json>(events[0].Body).Utf8.Span));
        Assert.Equal("", Text(events[1]));
        Assert.Equal(batch.Volumes, Samples(events[2]).Volumes);
    }

    [Fact]
    public async Task JSON_is_kept_byte_by_byte()
    {
        var odd = Encoding.UTF8.GetBytes("{ \"b\" : 1.50,\n\t\"a\":\"\\u00e9\" , \"b\":2 }");
        await Store.AppendAsync([Event(odd)], Ct);
        await ReopenAsync();

        Assert.Equal(Encoding.UTF8.GetString(odd), Text(Assert.Single(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct))));
    }

    [Fact]
    public async Task A_cancelled_read_stops()
    {
        await Store.AppendAsync([Event(), Event(), Event()], Ct);
        using var cancel = new CancellationTokenSource();
        var read = 0;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Store.ReadAllAsync(ct: cancel.Token))
            {
                read++;
                await cancel.CancelAsync();
            }
        });

        Assert.Equal(1, read);
    }
}
