using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Sqlite;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>What the store in SQLite does beyond the contract.</summary>
public sealed class SqliteEventStoreTests : IDisposable
{
    private static readonly StreamName Stream = new("alarm", "1");

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_batch_is_one_record_however_many_streams_it_is_in()
    {
        using var store = Open();
        await store.AppendAsync([Samples(50)], Ct);

        Assert.Equal((1, 50), (Count("events"), Count("streams")));
    }

    [Fact]
    public async Task A_stream_is_whole_whether_its_events_are_in_the_index_or_wait_for_it()
    {
        var total = (StreamIndex.MaxWaiting * 2) + 5;
        var abandoned = Open(); // left as a killed process leaves it
        for (var appended = 1; appended <= total; appended++)
        {
            await abandoned.AppendAsync([Samples(2)], Ct);
            if (appended % 13 == 0 || appended % StreamIndex.MaxWaiting < 3)
                await AssertWholeAsync(abandoned, appended);
        }
        Assert.InRange(Count("stream_events"), 1, (2 * total) - 1);

        using var store = Open();
        await AssertWholeAsync(store, total);
        Assert.Equal(total + 1, (await store.AppendAsync([Samples(2)], Ct)).Streams[0].Version);
        await AssertWholeAsync(store, total + 1);

        static async Task AssertWholeAsync(SqliteEventStore store, int versions)
        {
            var streams = await store.ListStreamsAsync(ct: Ct).ToListAsync(Ct);
            Assert.Equal([versions, versions], streams.Select(s => s.Version));
            var forwards = await store.ReadStreamAsync(streams[1].Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct);
            var backwards = await store.ReadStreamAsync(streams[1].Stream, long.MaxValue, ReadDirection.Backwards, Ct).Select(e => e.Version).ToListAsync(Ct);
            Assert.Equal(Enumerable.Range(1, versions).Select(v => (long)v), forwards);
            Assert.Equal(forwards.AsEnumerable().Reverse(), backwards);
        }
    }

    [Fact]
    public async Task Series_metadata_and_texts_are_stored_once()
    {
        using (var store = Open())
            await store.AppendAsync([Samples(5)], Ct);
        using (var store = Open())
            await store.AppendAsync([Samples(5)], Ct);

        Assert.Equal((5, 5), (Count("series"), Count("metadata")));
        Assert.Equal(9, Count("texts")); // five projects, and meter, unit, resource and source
    }

    [Fact]
    public async Task Metadata_that_no_longer_fits_the_memory_is_found_in_the_file()
    {
        using var store = Open(new() { MetadataCacheBytes = 1_000 });
        await store.AppendAsync([Samples(50)], Ct);
        await store.AppendAsync([Samples(50)], Ct);

        Assert.Equal(50, Count("metadata"));
        await foreach (var e in store.ReadAllAsync(ct: Ct))
            Assert.Equal(((EventBody.Samples)Samples(50).Body).Batch.Metadata, ((EventBody.Samples)e.Body).Batch.Metadata);
    }

    [Fact]
    public async Task Events_read_again_share_series_and_metadata()
    {
        using var store = Open();
        await store.AppendAsync([Samples(3)], Ct);
        await store.AppendAsync([Samples(3)], Ct);

        var batches = await store.ReadAllAsync(ct: Ct).Select(e => ((EventBody.Samples)e.Body).Batch).ToListAsync(Ct);
        Assert.Same(batches[0].Series[1], batches[1].Series[1]);
        Assert.Same(batches[0].Metadata[1], batches[1].Metadata[1]);
    }

    [Fact]
    public async Task Batches_that_repeat_series_are_written_alike_and_share_them_when_read()
    {
        using var store = Open();
        SeriesKey[] first = [Key("p1", "a"), Key("p2", "b")], second = [Key("p2", "b"), Key("p1", "a")];
        foreach (var series in new[] { first, second, first, second })
            await store.AppendAsync([Repeated(series)], Ct);

        var batches = await store.ReadAllAsync(ct: Ct).Select(e => ((EventBody.Samples)e.Body).Batch).ToListAsync(Ct);
        Assert.Equal([first, second, first, second], batches.Select(b => b.Series));
        Assert.Equal([false, false, true, true], batches.Select(b => b.RepeatsSeries));
        Assert.Same(batches[0].Series, batches[2].Series);
    }

    [Fact]
    public async Task Numbers_that_were_taken_back_stay_in_no_column()
    {
        using var store = Open();
        SeriesKey[] refused = [Key("p1", "a"), Key("p2", "b")], other = [Key("p3", "c"), Key("p4", "d")];
        await store.AppendAsync([Json()], Ct);
        Execute("create trigger refuse before insert on events begin select raise(abort, 'no'); end");
        await Assert.ThrowsAnyAsync<Exception>(() => store.AppendAsync([Repeated(refused)], Ct));
        Execute("drop trigger refuse");

        await store.AppendAsync([Repeated(other)], Ct);
        await store.AppendAsync([Repeated(refused)], Ct);

        var batches = await store.ReadAllAsync(1, ct: Ct).Select(e => ((EventBody.Samples)e.Body).Batch).ToListAsync(Ct);
        Assert.Equal([other, refused], batches.Select(b => b.Series));
    }

    [Fact]
    public async Task A_live_subscriber_gets_the_very_batch_that_was_appended()
    {
        using var store = Open();
        await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        var next = subscriber.MoveNextAsync();
        var appended = Samples(3);
        await store.AppendAsync([appended], Ct);

        Assert.True(await next);
        Assert.Same(appended.Body is EventBody.Samples s ? s.Batch : null, Assert.IsType<EventBody.Samples>(subscriber.Current.Body).Batch);
    }

    [Fact]
    public async Task A_subscription_ends_with_the_store()
    {
        var store = Open();
        await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        var next = subscriber.MoveNextAsync();
        store.Dispose();

        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await next);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.AppendAsync([Json()], Ct));
    }

    [Fact]
    public async Task What_was_appended_survives_without_a_farewell()
    {
        using var copy = new TemporaryDirectory();
        using var store = Open(); // is not closed when its files are taken, as after kill -9
        var result = await store.AppendAsync([Samples(5)], Ct);
        foreach (var file in (string[])["events.db", "events.db-wal"])
            File.Copy(Path.Combine(_directory.Path, file), Path.Combine(copy.Path, file));

        using var recovered = new SqliteEventStore(copy.Path, _time);
        var e = Assert.Single(await recovered.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        Assert.Equal(result.Position, e.Position);
        Assert.Equal(((EventBody.Samples)Samples(5).Body).Batch.Volumes, ((EventBody.Samples)e.Body).Batch.Volumes);
        Assert.Equal(2, (await recovered.AppendAsync([Samples(5)], Ct)).Streams[0].Version);
    }

    [Fact]
    public async Task A_file_of_a_newer_program_is_refused()
    {
        using (var store = Open())
            await store.AppendAsync([Json()], Ct);
        Execute("pragma user_version = 2");

        var error = Assert.Throws<InvalidOperationException>(() => Open());
        Assert.Equal(
            $"The event log '{Path.Combine(_directory.Path, "events.db")}' has schema version 2, this program knows up to 1. Use the program that wrote it, or a newer one.",
            error.Message);
    }

    [Fact]
    public async Task Beyond_the_largest_size_appends_are_refused_and_go_on_when_there_is_space()
    {
        var small = new SqliteEventStoreOptions { MaxBytes = 256 << 10 };
        using (var store = Open(small))
        {
            await store.AppendAsync([Samples(5)], Ct);
            // New series, texts and metadata come with it: what is known of them has to go with the transaction.
            await Assert.ThrowsAsync<EventStoreFullException>(() => store.AppendAsync([Samples(20, "other"), Json(RandomNumberGenerator.GetBytes(512 << 10))], Ct));
            await store.AppendAsync([Json()], Ct); // fits
            await store.AppendAsync([Samples(20, "other")], Ct);
            Assert.Equal(3, await store.HeadAsync(Ct));
        }
        using (var store = Open())
        {
            await store.AppendAsync([Json(new byte[512 << 10])], Ct);
            var events = await store.ReadAllAsync(ct: Ct).ToListAsync(Ct);
            Assert.Equal([1L, 2, 3, 4], events.Select(e => e.Position));
            Assert.Equal(((EventBody.Samples)Samples(20, "other").Body).Batch.Series, ((EventBody.Samples)events[2].Body).Batch.Series);
            Assert.Equal([1L, 2], await store.ReadStreamAsync(Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
        }
        Assert.Equal(25, Count("series"));
    }

    [Fact]
    public async Task Only_what_does_not_fit_is_refused_of_a_group()
    {
        using var store = Open(new() { MaxBytes = 256 << 10 });
        List<Task<AppendResult>> appends;
        using (Block())
            appends = [.. Enumerable.Range(0, 6).Select(i => store.AppendAsync([Json(RandomNumberGenerator.GetBytes(i == 3 ? 512 << 10 : 2))], Ct))];

        foreach (var (i, append) in appends.Index())
        {
            if (i == 3)
                await Assert.ThrowsAsync<EventStoreFullException>(() => append);
            else
                await append;
        }
        Assert.Equal([1L, 2, 3, 4, 5], await store.ReadStreamAsync(Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_group_of_good_and_bad_appends_stores_the_good_ones()
    {
        using var store = Open();
        var twice = Json();
        Task<AppendResult> earlier, first, again, wrong, infinite, last;
        using (Block())
        {
            earlier = store.AppendAsync([Json()], Ct); // the writer waits with this one, while the others gather
            first = store.AppendAsync([twice], Ct);
            again = store.AppendAsync([twice], Ct);
            wrong = store.AppendAsync([Json() with { Streams = [new(Stream, 9)] }], Ct);
            infinite = store.AppendAsync([Samples(new SampleBatch([Key("p", "r")], [0], [double.NaN], [Metadata.Empty]))], Ct);
            last = store.AppendAsync([Json()], Ct);
        }

        Assert.Equal(1, (await earlier).Position);
        Assert.False((await first).AlreadyStored);
        Assert.True((await again).AlreadyStored);
        Assert.Equal((await first).Position, (await again).Position);
        Assert.Equal(2, (await Assert.ThrowsAsync<WrongExpectedVersionException>(() => wrong)).Actual);
        await Assert.ThrowsAsync<ArgumentException>(() => infinite);
        Assert.Equal(new StreamVersion(Stream, 3), Assert.Single((await last).Streams));
    }

    [Fact]
    public async Task When_too_much_waits_appends_are_refused_as_busy()
    {
        using var store = Open(new() { QueueLength = 2, GroupLength = 1 });
        var waiting = new List<Task<AppendResult>>();
        using (Block())
        {
            await Assert.ThrowsAsync<EventStoreBusyException>(async () =>
            {
                for (var i = 0; i < 10; i++)
                    waiting.Add(store.AppendAsync([Json()], Ct));
                await Task.WhenAll(waiting);
            });
        }

        Assert.InRange(waiting.Count, 2, 3); // two in the queue, and one with the writer
        await Task.WhenAll(waiting);
        Assert.Equal(waiting.Count, await store.HeadAsync(Ct));
    }

    [Fact]
    public async Task When_too_many_bytes_wait_appends_are_refused_as_busy()
    {
        using var store = Open(new() { QueueBytes = 1_000, GroupLength = 1 });
        var waiting = new List<Task<AppendResult>>();
        using (Block())
        {
            await Assert.ThrowsAsync<EventStoreBusyException>(async () =>
            {
                for (var i = 0; i < 10; i++)
                    waiting.Add(store.AppendAsync([Json(new byte[900])], Ct));
                await Task.WhenAll(waiting);
            });
        }

        await Task.WhenAll(waiting);
        await store.AppendAsync([Json(new byte[5_000])], Ct); // alone it may be of any size
        Assert.Equal(waiting.Count + 1, await store.HeadAsync(Ct));
    }

    [Fact]
    public async Task An_append_that_still_waits_can_be_withdrawn()
    {
        using var store = Open(new() { GroupLength = 1 });
        using var cancel = new CancellationTokenSource();
        Task<AppendResult> first, second;
        using (Block())
        {
            first = store.AppendAsync([Json()], Ct);
            second = store.AppendAsync([Json(), Json()], cancel.Token);
            await cancel.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        }

        await first;
        await store.AppendAsync([Json()], Ct);
        Assert.Equal(2, await store.HeadAsync(Ct));
    }

    [Fact]
    public async Task A_full_disk_refuses_appends_until_there_is_space()
    {
        using var disk = SmallDisk.TryMount(8 << 20);
        Assert.SkipWhen(disk is null, "Mounting a small file system needs more rights than this account has.");
        using var store = new SqliteEventStore(disk.Path, _time);
        await store.AppendAsync([Samples(5)], Ct);
        var filler = Path.Combine(disk.Path, "filler");
        disk.Fill(filler);

        await Assert.ThrowsAsync<EventStoreFullException>(() => store.AppendAsync([Samples(20, "other"), Json(new byte[1 << 20])], Ct));
        Assert.Single(await store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        File.Delete(filler);
        await store.AppendAsync([Samples(20, "other"), Json(new byte[1 << 20])], Ct);

        Assert.Equal([1L, 2, 3], await store.ReadAllAsync(ct: Ct).Select(e => e.Position).ToListAsync(Ct));
    }

    [Fact]
    public async Task The_container_opens_it_in_a_data_directory_of_its_own()
    {
        var services = new ServiceCollection().AddLogging().AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        await using (var provider = services.AddSqliteEventStore(_directory.Path).BuildServiceProvider())
        {
            await provider.GetRequiredService<IEventStore>().AppendAsync([Json()], Ct);
            Assert.Throws<DataDirectoryInUseException>(() => DataDirectory.Open(_directory.Path));
        }

        DataDirectory.Open(_directory.Path).Dispose();
        Assert.Equal(1, Count("events"));
    }

    private SqliteEventStore Open(SqliteEventStoreOptions? options = null) => new(_directory.Path, _time, options);

    /// <summary>Holds the file's write lock, so that the writer waits.</summary>
    private BlockingTransaction Block() => new(Path.Combine(_directory.Path, "events.db"));

    private static NewEvent Json(byte[]? json = null) =>
        new(EventId.New(), "alarm-changed", new EventBody.Json(json ?? "{}"u8.ToArray()), [new(Stream)]);

    private static NewEvent Samples(int projects, string resource = "vm")
    {
        var range = Enumerable.Range(0, projects).ToArray();
        return Samples(new SampleBatch([.. range.Select(i => Key($"p{i}", resource))], [.. range.Select(i => (long)i)], [.. range.Select(i => i / 4.0)],
            [.. range.Select(i => Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"host":"{{resource}}-{{i}}"}""")))]));
    }

    private static NewEvent Samples(SampleBatch batch) =>
        new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))]);

    private static NewEvent Repeated(SeriesKey[] series) =>
        Samples(new SampleBatch(series, new long[series.Length], new double[series.Length], [.. series.Select(_ => Metadata.Empty)]) { RepeatsSeries = true });

    private static SeriesKey Key(string project, string resource) => new("cpu_util", SampleType.Gauge, "%", resource, project, null, "openstack");

    private long Count(string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, "events.db")};Pooling=False");
        connection.Open();
        return EventLogFile.Scalar(connection, $"select count(*) from {table}");
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, "events.db")};Pooling=False");
        connection.Open();
        EventLogFile.Execute(connection, sql);
    }

    private sealed class BlockingTransaction : IDisposable
    {
        private readonly SqliteConnection _connection;

        public BlockingTransaction(string path)
        {
            _connection = new SqliteConnection($"Data Source={path};Pooling=False");
            _connection.Open();
            EventLogFile.Execute(_connection, "begin immediate");
        }

        public void Dispose()
        {
            EventLogFile.Execute(_connection, "rollback");
            _connection.Dispose();
        }
    }
}
