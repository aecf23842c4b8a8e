using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Conformance;

/// <summary>What every event store does, whatever it is built on.</summary>
public abstract partial class EventStoreConformance
{
    private readonly StreamName _stream = new("alarm", "1");

    /// <summary>The store under test; empty at first.</summary>
    protected abstract IEventStore Store { get; }

    /// <summary>The clock of the store.</summary>
    protected ManualTime Time { get; } = new();

    /// <summary>Closes the store and opens it again, as a restart does; <see cref="Store"/> is another object then. Nothing where a store keeps nothing.</summary>
    protected virtual Task ReopenAsync() => Task.CompletedTask;

    protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_store_has_nothing()
    {
        Assert.Equal(0, await Store.HeadAsync(Ct));
        Assert.Empty(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        Assert.Empty(await Store.ListStreamsAsync(ct: Ct).ToListAsync(Ct));
        Assert.Empty(await Store.ReadStreamAsync(_stream, ct: Ct).ToListAsync(Ct));
        Assert.Null(await Store.FindAsync(EventId.New(), Ct));
        Assert.Null(await Store.FindAsync(1, Ct));
    }

    [Fact]
    public async Task What_was_appended_is_read_back_whole()
    {
        var metadata = new EventMetadata("rest", "key-1", "c2ln", "request-1", "command-1");
        var appended = Event("""{"a":"é"}"""u8.ToArray()) with { Metadata = metadata };

        var result = await Store.AppendAsync([appended], Ct);
        await ReopenAsync();

        var e = Assert.Single(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        Assert.Equal((result.Position, appended.Id, "alarm-changed"), (e.Position, e.Id, e.Type));
        Assert.Equal("""{"a":"é"}""", Text(e));
        Assert.Equal([new StreamVersion(_stream, 1)], e.Streams);
        Assert.Equal(metadata, e.Metadata);
        Assert.Equal(ManualTime.Start, e.RecordedAt);
    }

    [Fact]
    public async Task An_event_without_metadata_has_none()
    {
        await Store.AppendAsync([Event()], Ct);

        Assert.Equal(EventMetadata.None, Assert.Single(await Store.ReadAllAsync(ct: Ct).ToListAsync(Ct)).Metadata);
    }

    [Fact]
    public async Task Each_append_is_recorded_at_its_time()
    {
        await Store.AppendAsync([Event()], Ct);
        Time.Now += TimeSpan.FromMicroseconds(1_500_001);
        await Store.AppendAsync([Event()], Ct);

        Assert.Equal([ManualTime.Start, ManualTime.Start.AddMicroseconds(1_500_001)],
            await Store.ReadAllAsync(ct: Ct).Select(e => e.RecordedAt).ToListAsync(Ct));
    }

    [Fact]
    public async Task An_event_out_of_another_log_keeps_the_time_it_was_recorded_at()
    {
        var then = new DateTimeOffset(2020, 2, 3, 4, 5, 6, 789, TimeSpan.Zero).AddMicroseconds(1);
        await Store.AppendAsync([Event() with { RecordedAt = then }, Event()], Ct);

        Assert.Equal([then, ManualTime.Start], await Store.ReadAllAsync(ct: Ct).Select(e => e.RecordedAt).ToListAsync(Ct));
    }

    [Fact]
    public async Task Versions_have_no_holes_and_go_on_after_a_restart()
    {
        var result = await Store.AppendAsync([Event(), Event()], Ct);
        Assert.Equal([new StreamVersion(_stream, 2)], result.Streams);
        await Store.AppendAsync([Event(expected: 2)], Ct);
        await ReopenAsync();
        await Store.AppendAsync([Event(expected: 3)], Ct);

        Assert.Equal([1L, 2, 3, 4], await VersionsAsync());
    }

    [Theory]
    [InlineData(0)] // too low
    [InlineData(1)]
    [InlineData(7)] // too high: would leave a hole
    public async Task An_append_at_another_version_is_refused_and_leaves_nothing(long expected)
    {
        await Store.AppendAsync([Event(), Event()], Ct);
        var head = await Store.HeadAsync(Ct);

        var error = await Assert.ThrowsAsync<WrongExpectedVersionException>(() => Store.AppendAsync([Event(stream: new("alarm", "new")), Event(expected: expected)], Ct));

        Assert.Equal((_stream, expected, 2), (error.Stream, error.Expected, error.Actual));
        Assert.Equal([1L, 2], await VersionsAsync());
        Assert.Equal(head, await Store.HeadAsync(Ct));
        Assert.Equal([_stream], await Store.ListStreamsAsync(ct: Ct).Select(s => s.Stream).ToListAsync(Ct));
    }

    [Fact]
    public async Task Events_of_one_append_expect_each_other()
    {
        await Store.AppendAsync([Event(expected: 0), Event(expected: 1)], Ct);
        await Assert.ThrowsAsync<WrongExpectedVersionException>(() => Store.AppendAsync([Event(expected: 2), Event(expected: 2)], Ct));

        Assert.Equal([1L, 2], await VersionsAsync());
    }

    [Fact]
    public async Task An_append_takes_its_place_only_while_a_stream_it_is_given_by_stands_still()
    {
        var key = new StreamName("key", "k");
        var (early, first) = (Event() with { Given = new(key, 0) }, Event() with { Given = new(key, 1) });
        await Store.AppendAsync([early], Ct);
        await Store.AppendAsync([Event(stream: key)], Ct);
        var stored = await Store.AppendAsync([first, Event()], Ct);
        await Store.AppendAsync([Event(stream: key)], Ct);
        var head = await Store.HeadAsync(Ct);

        var error = await Assert.ThrowsAsync<WrongExpectedVersionException>(() => Store.AppendAsync([Event() with { Given = new(key, 1) }, Event(stream: new("alarm", "new"))], Ct));

        Assert.Equal((key, 1, 2), (error.Stream, error.Expected, error.Actual));
        Assert.Equal(head, await Store.HeadAsync(Ct));
        Assert.Equal([new(_stream, 3), new StreamVersion(key, 2)], await Store.ListStreamsAsync(ct: Ct).ToListAsync(Ct)); // nothing is written to it
        await ReopenAsync();
        await Assert.ThrowsAsync<WrongExpectedVersionException>(() => Store.AppendAsync([Event() with { Given = new(key, 1) }], Ct));
        await Assert.ThrowsAsync<WrongExpectedVersionException>(() => Store.AppendAsync([Event(stream: key), Event() with { Given = new(key, 2) }], Ct));
        var again = await Store.AppendAsync([first, Event()], Ct); // what is stored stays stored
        Assert.Equal((true, stored.Position), (again.AlreadyStored, again.Position));
        Assert.Equal(head, await Store.HeadAsync(Ct));
    }

    [Fact]
    public async Task Of_concurrent_writers_none_that_is_given_by_a_stream_comes_after_it_has_moved()
    {
        var key = new StreamName("key", "k");
        var appends = Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            try
            {
                await Store.AppendAsync([i == 100 ? Event(stream: key) : Event() with { Given = new(key, 0) }], Ct);
                return i != 100;
            }
            catch (WrongExpectedVersionException)
            {
                return false;
            }
        }, Ct)).ToList();
        var written = (await Task.WhenAll(appends)).Count(w => w);

        var streams = await Store.ReadAllAsync(ct: Ct).Select(e => e.Streams[0].Stream).ToListAsync(Ct);
        Assert.Equal(written + 1, streams.Count);
        Assert.Equal(key, streams[^1]);
    }

    [Fact]
    public async Task Of_concurrent_writers_at_one_version_one_wins()
    {
        var attempts = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            try
            {
                await Store.AppendAsync([Event(expected: 0)], Ct);
                return true;
            }
            catch (WrongExpectedVersionException)
            {
                return false;
            }
        }, Ct)));

        Assert.Single(attempts, won => won);
        Assert.Equal([1L], await VersionsAsync());
    }

    [Fact]
    public async Task Concurrent_writers_of_one_stream_leave_no_hole()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 25; i++)
                await Store.AppendAsync([Event()], Ct);
        }, Ct)));

        Assert.Equal(Enumerable.Range(1, 200).Select(n => (long)n), await VersionsAsync());
        var positions = await Store.ReadAllAsync(ct: Ct).Select(e => e.Position).ToListAsync(Ct);
        Assert.Equal(positions.Order().Distinct(), positions);
        Assert.Equal(positions[^1], await Store.HeadAsync(Ct));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_append_twice_is_stored_once_and_answered_the_same(bool restart)
    {
        NewEvent[] events = [Event(expected: 0), Event(stream: new("alarm", "2"))];
        var first = await Store.AppendAsync(events, Ct);
        await Store.AppendAsync([Event()], Ct);
        if (restart)
            await ReopenAsync();

        var second = await Store.AppendAsync(events, Ct);

        Assert.False(first.AlreadyStored);
        Assert.True(second.AlreadyStored);
        Assert.Equal(first.Position, second.Position);
        Assert.Equal(first.Streams, second.Streams);
        Assert.Equal(3, await Store.ReadAllAsync(ct: Ct).CountAsync(Ct));
    }

    [Fact]
    public async Task The_same_append_many_times_at_once_is_stored_once()
    {
        var e = Event();
        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => Store.AppendAsync([e], Ct), Ct)));

        Assert.Single(results, r => !r.AlreadyStored);
        Assert.Single(results.Select(r => r.Position).Distinct());
        Assert.Equal([1L], await VersionsAsync());
    }

    [Fact]
    public async Task A_stored_id_behind_a_new_one_is_refused_and_leaves_nothing()
    {
        var stored = Event();
        await Store.AppendAsync([stored], Ct);

        var error = await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([Event(), stored], Ct));

        Assert.Contains(stored.Id.ToString(), error.Message, StringComparison.Ordinal);
        Assert.Equal([1L], await VersionsAsync());
    }

    [Fact]
    public async Task One_refused_append_does_not_harm_its_neighbours()
    {
        await Store.AppendAsync([Event()], Ct);
        var appends = Enumerable.Range(0, 30).Select(i => Task.Run(() => Store.AppendAsync([Event(expected: i % 3 == 0 ? 1_000 : null)], Ct), Ct)).ToArray();
        await Task.WhenAll(appends.Select(a => a.ContinueWith(_ => { }, Ct, TaskContinuationOptions.None, TaskScheduler.Default)));

        Assert.Equal(10, appends.Count(a => a.Exception?.InnerException is WrongExpectedVersionException));
        Assert.Equal(Enumerable.Range(1, 21).Select(n => (long)n), await VersionsAsync());
    }

    [Fact]
    public async Task What_no_store_can_keep_is_refused()
    {
        var two = new StreamExpectation[] { new(_stream), new(new("alarm", "2")) };
        var e = Event();
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([e with { Streams = [] }], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([e with { Streams = two }], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([e, e], Ct));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([e with { Body = new EventBody.Samples(Batch(2)), Streams = [two[0], two[0]] }], Ct));
        var infinite = new SampleBatch([Key("p")], [0], [double.PositiveInfinity], [Metadata.Empty]);
        await Assert.ThrowsAsync<ArgumentException>(() => Store.AppendAsync([SamplesEvent(infinite)], Ct));

        Assert.Equal(0, await Store.HeadAsync(Ct));
    }

    [Fact]
    public async Task An_append_cancelled_before_it_is_made_leaves_nothing()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.AppendAsync([Event()], new CancellationToken(canceled: true)));

        Assert.Equal(0, await Store.HeadAsync(Ct));
    }

    [Fact]
    public async Task An_append_cancelled_on_its_way_is_stored_whole_or_withdrawn_whole()
    {
        var stored = 0;
        for (var i = 0; i < 50; i++)
        {
            using var cancel = new CancellationTokenSource();
            var append = Task.Run(() => Store.AppendAsync([Event(), Event()], cancel.Token), Ct);
            await cancel.CancelAsync();
            try
            {
                await append;
                stored++;
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal(2 * stored, (await VersionsAsync()).Count);
    }

    protected NewEvent Event(byte[]? json = null, StreamName? stream = null, long? expected = null) =>
        new(EventId.New(), "alarm-changed", new EventBody.Json(json ?? "{}"u8.ToArray()), [new(stream ?? _stream, expected)]);

    protected static NewEvent SamplesEvent(SampleBatch batch) =>
        new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))]);

    /// <summary>A batch whose samples go around three projects and two months.</summary>
    protected static SampleBatch Batch(int count)
    {
        var keys = Enumerable.Range(0, 3).Select(p => Key($"p{p}")).ToArray();
        var metadata = Enumerable.Range(0, 3).Select(p => Metadata.Parse(Encoding.UTF8.GetBytes($$"""{"host":"{{p}}"}"""))).ToArray();
        var samples = Enumerable.Range(0, count).ToArray();
        return new SampleBatch(
            [.. samples.Select(i => keys[i % 3])],
            [.. samples.Select(i => UnixMicroseconds.From(new DateTimeOffset(2026, 1 + i / 3 % 2, 5, 0, 0, 0, TimeSpan.Zero)) + i)],
            [.. samples.Select(i => i / 8.0)],
            [.. samples.Select(i => metadata[i % 3])]);
    }

    protected static SeriesKey Key(string project, string resource = "vm") => new("cpu_util", SampleType.Gauge, "%", resource, project, "u", "openstack");

    protected static string Text(RecordedEvent e) => Encoding.UTF8.GetString(Assert.IsType<EventBody.Json>(e.Body).Utf8.Span);

    protected static SampleBatch Samples(RecordedEvent e) => Assert.IsType<EventBody.Samples>(e.Body).Batch;

    private async Task<List<long>> VersionsAsync() => await Store.ReadStreamAsync(_stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct);
}
