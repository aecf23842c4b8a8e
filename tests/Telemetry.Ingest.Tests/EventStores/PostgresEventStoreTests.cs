using Npgsql;
using Telemetry.Conformance;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Postgres;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>Several processes on one log, each a store of its own here; and what the database does to them.</summary>
public sealed class PostgresEventStoreTests : IAsyncLifetime
{
    private const long Gate = 4711; // an advisory lock: while a test holds it, no event of type "delayed" is committed

    private static readonly StreamName Stream = new("alarm", "1");

    private readonly List<PostgresEventStore> _stores = [];
    private PostgresDatabase _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();

    public async ValueTask DisposeAsync()
    {
        _stores.ForEach(s => s.Dispose());
        if (_database is not null)
            await _database.DisposeAsync();
    }

    [Fact]
    public async Task While_a_commit_is_delayed_nothing_later_is_seen_and_then_all_in_order()
    {
        var (a, b, reader) = (Open(), Open(), Open());
        await a.AppendAsync([Json()], Ct);
        await using var subscriber = reader.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        Assert.True(await subscriber.MoveNextAsync());
        await using var gate = await CloseGateAsync();

        var next = subscriber.MoveNextAsync();
        var delayed = a.AppendAsync([Json("delayed")], Ct);
        await WaitersAsync(1); // it has its position and all its rows, and is not committed
        var later = b.AppendAsync([Json()], Ct);
        await WaitersAsync(2);

        Assert.Equal(1, await reader.HeadAsync(Ct));
        Assert.Single(await reader.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        Assert.False(delayed.IsCompleted || later.IsCompleted || next.IsCompleted);

        await gate.DisposeAsync();
        Assert.Equal((2L, 3L), ((await delayed).Position, (await later).Position));
        Assert.True(await next);
        Assert.Equal(2, subscriber.Current.Position);
        Assert.True(await subscriber.MoveNextAsync());
        Assert.Equal(3, subscriber.Current.Position);
    }

    [Fact]
    public async Task A_delayed_commit_whose_connection_is_ended_leaves_no_hole_and_is_made_again()
    {
        var (a, b) = (Open(), Open());
        await a.AppendAsync([Json()], Ct);
        await using var gate = await CloseGateAsync();
        var delayed = a.AppendAsync([Json("delayed")], Ct);
        await WaitersAsync(1);
        var later = b.AppendAsync([Json()], Ct);
        await WaitersAsync(2);

        // The one that holds the log's lock and waits for the gate.
        Assert.True(await _database.ScalarAsync<bool>($"select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and objid = {Gate} and not granted"));
        Assert.Equal(2, (await later).Position);
        await gate.DisposeAsync();

        Assert.Equal(3, (await delayed).Position);
        Assert.Equal([1L, 2, 3], await b.ReadAllAsync(ct: Ct).Select(e => e.Position).ToListAsync(Ct));
        Assert.Equal([1L, 2, 3], await b.ReadStreamAsync(Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
    }

    [Fact]
    public async Task Readers_that_learn_the_names_of_streams_at_the_same_time_do_not_disturb_each_other()
    {
        var writer = Open();
        for (var i = 0; i < 20; i++)
            await writer.AppendAsync([Samples(200)], Ct);
        for (var round = 0; round < 10; round++)
        {
            var fresh = Open();
            var counts = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(async () => await fresh.ReadAllAsync(ct: Ct).CountAsync(Ct))));
            Assert.All(counts, count => Assert.Equal(20, count));
        }
    }

    [Fact]
    public async Task Processes_that_write_at_once_share_streams_without_holes_and_see_each_other()
    {
        PostgresEventStore[] stores = [Open(), Open(), Open()];
        var subscribers = stores.Select(store => Task.Run(async () =>
        {
            await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
            var seen = new List<(long, double)>();
            while (seen.Count < 300 && await subscriber.MoveNextAsync())
                seen.Add((subscriber.Current.Position, ((EventBody.Samples)subscriber.Current.Body).Batch.Volumes[0]));
            return seen;
        }, Ct)).ToList();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; i < 50; i++) // series of its own now and then, so that each has to learn from the others
                await stores[writer % 3].AppendAsync([Samples(3, $"vm-{writer}-{i / 10}", writer * 1_000 + i)], Ct);
        }, Ct)));

        var log = await stores[0].ReadAllAsync(ct: Ct).Select(e => (e.Position, ((EventBody.Samples)e.Body).Batch.Volumes[0])).ToListAsync(Ct);
        Assert.Equal(Enumerable.Range(1, 300).Select(n => (long)n), log.Select(e => e.Position));
        Assert.Equal(300, log.Select(e => e.Item2).Distinct().Count());
        foreach (var seen in await Task.WhenAll(subscribers))
            Assert.Equal(log, seen);
        foreach (var store in stores)
        {
            var versions = await store.ReadStreamAsync(new("samples", "p1-1970-01"), ct: Ct).Select(e => e.Version).ToListAsync(Ct);
            Assert.Equal(Enumerable.Range(1, 300).Select(n => (long)n), versions);
            Assert.Equal(Enumerable.Range(1, 300).Select(n => (long)n).Reverse(),
                await store.ReadStreamAsync(new("samples", "p2-1970-01"), long.MaxValue, ReadDirection.Backwards, Ct).Select(e => e.Version).ToListAsync(Ct));
        }
        Assert.Equal(6 * 5 * 3, await _database.ScalarAsync<long>("select count(*) from event_log.series"));
        Assert.Equal(0, await _database.ScalarAsync<long>("select count(*) - count(distinct hash) from event_log.metadata"));
    }

    [Fact]
    public async Task What_one_process_writes_raises_the_versions_that_another_expects()
    {
        var (a, b) = (Open(), Open());
        await Assert.ThrowsAsync<WrongExpectedVersionException>(() => a.AppendAsync([Json(expected: 1)], Ct)); // a has looked: there is no stream
        for (var i = 0; i < 70; i++) // more than stays out of the index
            await b.AppendAsync([Json(expected: i)], Ct);

        Assert.Equal(70, (await Assert.ThrowsAsync<WrongExpectedVersionException>(() => a.AppendAsync([Json(expected: 0)], Ct))).Actual);
        await a.AppendAsync([Json(expected: 70)], Ct);
        await b.AppendAsync([Json(expected: 71)], Ct);

        Assert.Equal(72, (await Assert.ThrowsAsync<WrongExpectedVersionException>(() => a.AppendAsync([Json(expected: 71)], Ct))).Actual);
    }

    [Fact]
    public async Task An_append_that_another_process_has_stored_is_answered_as_it_was_there()
    {
        var (a, b) = (Open(), Open());
        NewEvent[] events = [Json(), Samples(3), Json()];
        var first = await a.AppendAsync(events, Ct);
        for (var i = 0; i < 70; i++)
            await a.AppendAsync([Json()], Ct);

        var again = await b.AppendAsync(events, Ct);

        Assert.True(again.AlreadyStored);
        Assert.Equal(first.Position, again.Position);
        Assert.Equal(first.Streams, again.Streams);
    }

    [Fact]
    public async Task Lost_connections_cost_nothing()
    {
        var store = Open();
        await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        for (var i = 1; i <= 3; i++)
        {
            Assert.Equal(i, (await store.AppendAsync([Json()], Ct)).Position);
            Assert.True(await subscriber.MoveNextAsync());
            Assert.Equal(i, subscriber.Current.Position);
            await _database.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'telemetry event log%' and datname = current_database()");
        }
    }

    [Fact]
    public async Task While_another_holds_the_log_for_too_long_appends_are_refused_as_busy()
    {
        var store = Open(new() { TimeoutSeconds = 1 });
        await using (var other = await _database.Source.OpenConnectionAsync(Ct))
        {
            await using var transaction = await other.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand($"select pg_advisory_xact_lock({PostgresLogWriter.LockKey})", other);
            await hold.ExecuteNonQueryAsync(Ct);
            await Assert.ThrowsAsync<EventStoreBusyException>(() => store.AppendAsync([Json()], Ct));
        }

        Assert.Equal(1, (await Open().AppendAsync([Json()], Ct)).Position);
    }

    [Fact]
    public async Task A_process_that_stands_still_with_the_log_in_its_hands_loses_it()
    {
        var (a, b) = (Open(new() { TimeoutSeconds = 1 }), Open());
        using var still = a.OpenWriter(); // a connection as a's writer has it: between its two round trips nothing more comes
        await using var begin = new NpgsqlCommand($"begin; select pg_advisory_xact_lock({PostgresLogWriter.LockKey})", still);
        await begin.ExecuteNonQueryAsync(Ct);

        Assert.Equal(1, (await b.AppendAsync([Json()], Ct)).Position);
    }

    [Fact]
    public async Task With_its_pool_used_up_reads_are_refused_as_busy()
    {
        var store = Open(new() { TimeoutSeconds = 1 }, pool: 1);
        await store.AppendAsync([Json()], Ct);
        await using (var other = await _database.Source.OpenConnectionAsync(Ct))
        {
            await using var transaction = await other.BeginTransactionAsync(Ct);
            await using var hold = new NpgsqlCommand("lock table event_log.indexed in access exclusive mode", other); // a read of a stream has to wait, with the one connection
            await hold.ExecuteNonQueryAsync(Ct);
            var waits = store.ReadStreamAsync(Stream, ct: Ct).ToListAsync(Ct).AsTask();
            await Assert.ThrowsAsync<EventStoreBusyException>(() => store.HeadAsync(Ct));
            await Assert.ThrowsAsync<EventStoreBusyException>(() => waits);
        }

        Assert.Equal(1, await Open().HeadAsync(Ct));
    }

    [Fact]
    public async Task Text_that_PostgreSQL_cannot_keep_is_refused_and_its_neighbours_are_stored()
    {
        var store = Open();
        var appends = new[] { Json(), Samples(1, "nul-\0"), new NewEvent(EventId.New(), "x", new EventBody.Json("{}"u8.ToArray()), [new(new("alarm", "nul-\0"))]), Samples(1, "half-\ud800"), Json() }
            .Select(e => store.AppendAsync([e], Ct)).ToList();

        foreach (var refused in appends[1..4])
            await Assert.ThrowsAnyAsync<ArgumentException>(() => refused);
        await Task.WhenAll(appends[0], appends[4]);
        await store.AppendAsync([Samples(1, "good")], Ct);
        Assert.Equal(3, await store.HeadAsync(Ct));
        Assert.Equal("good", ((EventBody.Samples)(await store.FindAsync(3, Ct))!.Body).Batch.Series[0].ResourceId);
    }

    private PostgresEventStore Open(PostgresEventStoreOptions? options = null, int pool = 10)
    {
        var store = new PostgresEventStore(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { MaxPoolSize = pool }.ToString(), TimeProvider.System, options);
        _stores.Add(store);
        return store;
    }

    /// <summary>Holds up every commit of an event of type "delayed", at its very end, until it is disposed of.</summary>
    private async Task<NpgsqlConnection> CloseGateAsync()
    {
        await _database.ExecuteAsync($"""
            create function wait() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock_shared({Gate}); return null; end $$;
            create constraint trigger wait after insert on event_log.events deferrable initially deferred for each row when (new.type = 'delayed') execute function wait()
            """);
        var gate = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ToString());
        await gate.OpenAsync(Ct);
        await using var command = new NpgsqlCommand($"select pg_advisory_lock({Gate})", gate);
        await command.ExecuteNonQueryAsync(Ct);
        return gate;
    }

    /// <summary>Until so many sessions of this database wait for a lock.</summary>
    private async Task WaitersAsync(long count)
    {
        while (await _database.ScalarAsync<long>(
            "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())") < count)
            Ct.ThrowIfCancellationRequested();
    }

    private static NewEvent Json(string type = "alarm-changed", long? expected = null) => new(EventId.New(), type, new EventBody.Json("{}"u8.ToArray()), [new(Stream, expected)]);

    private static NewEvent Samples(int projects, string resource = "vm", double volume = 1)
    {
        var range = Enumerable.Range(0, projects).ToArray();
        var batch = new SampleBatch(
            [.. range.Select(i => new SeriesKey("cpu_util", SampleType.Gauge, "%", resource, $"p{i}", null, "openstack"))], [.. range.Select(i => (long)i)],
            [.. range.Select(i => volume)], [.. range.Select(i => Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"host":"{{resource.Length}}-{{i}}"}""")))]);
        return new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))]);
    }
}
