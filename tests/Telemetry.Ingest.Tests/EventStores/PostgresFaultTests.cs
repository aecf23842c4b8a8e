using Npgsql;
using Telemetry.Conformance;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores.Postgres;

namespace Telemetry.Ingest.Tests.EventStores;

/// <summary>A database server that stands still, is killed, is full, or takes nobody in.</summary>
public sealed class PostgresFaultTests(PostgresFaultTests.OwnServer own) : IClassFixture<PostgresFaultTests.OwnServer>, IAsyncLifetime
{
    private static readonly StreamName Stream = new("alarm", "1");

    private PostgresDatabase _database = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private PostgresServer Server => own.Server;

    public async ValueTask InitializeAsync() => _database = await Server.CreateDatabaseAsync();

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    [Fact]
    public async Task A_server_that_stands_still_refuses_appends_as_busy_and_goes_on_where_it_stood()
    {
        using var store = Open(_database.ConnectionString, timeoutSeconds: 1);
        await store.AppendAsync([Json()], Ct);
        var (during, waiting) = (Json(), Json());
        Task<AppendResult> first, second;
        Server.Pause();
        try
        {
            first = store.AppendAsync([during], Ct);
            second = store.AppendAsync([waiting], Ct);
            await Assert.ThrowsAsync<EventStoreBusyException>(() => first);
            await Assert.ThrowsAsync<EventStoreBusyException>(() => second);
            await Assert.ThrowsAsync<EventStoreBusyException>(() => store.AppendAsync([Json()], Ct));
            await Assert.ThrowsAsync<EventStoreBusyException>(() => store.HeadAsync(Ct));
        }
        finally
        {
            Server.Resume();
        }

        await AgainAsync(store, during);
        await AgainAsync(store, waiting);
        using var fresh = Open(_database.ConnectionString);
        Assert.Equal(3, await fresh.ReadAllAsync(ct: Ct).CountAsync(Ct)); // once each, whether the first attempt was stored or not
        Assert.Equal([1L, 2, 3], await fresh.ReadStreamAsync(Stream, ct: Ct).Select(e => e.Version).ToListAsync(Ct));
    }

    [Fact]
    public async Task A_server_that_is_killed_and_comes_back_in_time_is_not_noticed()
    {
        using var store = Open(_database.ConnectionString, timeoutSeconds: 60);
        await using var subscriber = store.SubscribeAsync(0, Ct).GetAsyncEnumerator(Ct);
        await store.AppendAsync([Json()], Ct);
        Assert.True(await subscriber.MoveNextAsync());

        await Server.KillAsync();
        var append = store.AppendAsync([Json()], Ct);
        var next = subscriber.MoveNextAsync();
        await Server.StartAgainAsync();

        Assert.Equal(2, (await append).Position);
        Assert.True(await next);
        Assert.Equal(2, subscriber.Current.Position);
    }

    [Fact]
    public async Task A_full_disk_refuses_appends_until_there_is_space()
    {
        using var disk = SmallDisk.TryMount(32 << 20);
        if (disk is null)
        {
            Assert.False(Environment.GetEnvironmentVariable("CI") == "true", "A small file system could not be mounted.");
            Assert.Skip("Mounting a small file system takes root.");
        }
        var space = $"small_{Guid.NewGuid():N}";
        await Server.CreateTablespaceAsync(space, disk.Path);
        try
        {
            await using var database = await Server.CreateDatabaseAsync(space);
            using var store = Open(database.ConnectionString);
            await store.AppendAsync([Json()], Ct);
            var filler = Path.Combine(disk.Path, "filler");
            disk.Fill(filler);

            var refused = Json(2 << 20);
            await Assert.ThrowsAsync<EventStoreFullException>(() => store.AppendAsync([refused], Ct));
            Assert.Single(await store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
            File.Delete(filler);

            Assert.Equal(2, (await store.AppendAsync([refused], Ct)).Position);
            Assert.Equal([1L, 2], await store.ReadAllAsync(ct: Ct).Select(e => e.Position).ToListAsync(Ct));
        }
        finally
        {
            await Server.ExecuteAsync($"drop tablespace {space}");
        }
    }

    [Fact]
    public async Task A_server_with_no_connection_left_refuses_reads_as_busy_and_still_takes_appends()
    {
        using var store = Open(_database.ConnectionString, timeoutSeconds: 1);
        await store.AppendAsync([Json()], Ct);
        var others = new List<NpgsqlConnection>();
        try
        {
            await Assert.ThrowsAsync<PostgresException>(async () =>
            {
                while (true)
                {
                    var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { Pooling = false }.ToString());
                    others.Add(connection);
                    await connection.OpenAsync(Ct);
                }
            });
            await Poll.UntilAsync(async () => // what the pool holds already goes on working, and may do for all of them, one after the other
            {
                var reads = Enumerable.Range(0, 8).Select(_ => Task.Run(() => store.ReadAllAsync(ct: Ct).CountAsync(Ct).AsTask(), Ct)).ToList();
                await Task.WhenAll(reads).ContinueWith(static _ => { }, Ct, TaskContinuationOptions.None, TaskScheduler.Default);
                Assert.All(reads.Where(r => r.IsFaulted), r => Assert.IsType<EventStoreBusyException>(r.Exception!.InnerException));
                return reads.Exists(r => r.IsFaulted);
            });
            await AgainAsync(store, Json());
        }
        finally
        {
            foreach (var connection in others)
                await connection.DisposeAsync();
        }
        await AgainAsync(store, Json());
        using var fresh = Open(_database.ConnectionString);
        Assert.Equal(3, await fresh.ReadAllAsync(ct: Ct).CountAsync(Ct));
    }

    private static PostgresEventStore Open(string connection, int timeoutSeconds = 10) => new(connection, TimeProvider.System, new() { TimeoutSeconds = timeoutSeconds });

    private static NewEvent Json(int length = 2) => new(EventId.New(), "alarm-changed", new EventBody.Json(Filled(length)), [new(Stream)]);

    private static byte[] Filled(int length)
    {
        var json = new byte[length];
        Random.Shared.NextBytes(json);
        return json;
    }

    /// <summary>As a client repeats what it was told to try again later.</summary>
    private static Task AgainAsync(PostgresEventStore store, NewEvent e) => Poll.UntilAsync(async () =>
    {
        try
        {
            await store.AppendAsync([e], Ct);
            return true;
        }
        catch (EventStoreBusyException)
        {
            return false;
        }
    });

    /// <summary>A server for these tests alone.</summary>
    public sealed class OwnServer : IAsyncLifetime
    {
        public PostgresServer Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await PostgresServer.StartAsync("max_connections=20");

        public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? ValueTask.CompletedTask;
    }
}
