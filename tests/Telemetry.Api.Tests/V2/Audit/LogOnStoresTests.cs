using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Api.Hosting;
using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Running;
using EventId = Telemetry.Domain.Streams.EventId;

namespace Telemetry.Api.Tests.V2.Audit;

/// <summary>The same log in files, in PostgreSQL, in EventStoreDB and in memory.</summary>
public sealed class LogOnStoresTests
{
    [Fact]
    public async Task The_tree_of_the_same_events_is_the_same_on_every_store()
    {
        using var directory = new TemporaryDirectory();
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var files = Services(new(directory.File("files")));
        await using var postgres = Services(new(directory.File("postgres"), StoreSettings.PostgreSql, StoreSettings.PostgreSql, database.ConnectionString));
        await using var esdb = Services(new(directory.File("esdb"), EventStoreDbServer.ConnectionString), EventStoreDbServer.NewPrefix());
        var memory = new InMemoryEventStore(new ManualTime());
        foreach (var log in new[] { files.GetRequiredService<IEventStore>(), postgres.GetRequiredService<IEventStore>(), esdb.GetRequiredService<IEventStore>(), memory })
            await FillAsync(log);
        var expected = new MerkleTree();
        await foreach (var e in memory.ReadAllAsync(ct: TestContext.Current.CancellationToken))
            expected.Append(CanonicalEvent.Of(e).LeafHash());

        foreach (var store in new[] { files, postgres, esdb })
        {
            var report = await VerifyAsync(store, project: true);
            Assert.Empty(report.Faults);
            Assert.Equal(0, report.Unverified);
            Assert.Equal(expected.Root().ToString(), report.Root);
            Assert.Equal(report.Root, store.GetRequiredService<AuditLog>().Publish().Checkpoint.Root.ToString());
            Assert.Equal(12, report.StreamsCompared);
        }
    }

    [Theory]
    [InlineData("update stream_events set position = 2 where position = 5 and part = 0")]
    [InlineData("delete from stream_events where position = 7")]
    [InlineData("delete from stream_events where version > 3")]
    [InlineData("update stream_events set part = 1 - part where position = 9")]
    public async Task An_index_of_streams_that_leads_elsewhere_than_the_log_is_found_in_files(string sql)
    {
        using var directory = new TemporaryDirectory();
        await using (var whole = Services(new(directory.Path)))
            await FillAsync(whole.GetRequiredService<IEventStore>());
        await using (var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = directory.File("events.db"), Pooling = false }.ToString()))
        {
            connection.Open();
            await using var command = connection.CreateCommand();
            command.CommandText = sql;
            Assert.NotEqual(0, command.ExecuteNonQuery());
        }
        await using var altered = Services(new(directory.Path));

        var report = await VerifyAsync(altered, project: true);

        Assert.NotEmpty(report.Faults);
        Assert.All(report.Faults, f => Assert.Equal((AuditFaultKind.StreamDiffers, true), (f.Kind, f.Stream is not null && f.Version is not null)));
    }

    public static readonly TheoryData<string, Action<EventStoreDbStandIn>, int> DamagesToLinks = new()
    {
        { "truncated", s => s.SetMetadata(Damaged, """{"$tb":3}"""), 1 },
        { "kept to the last ten", s => s.SetMetadata(Damaged, """{"$maxCount":10}"""), 1 },
        { "deleted softly", s => s.SetMetadata(Damaged, """{"$tb":9223372036854775807}"""), 1 },
        { "truncated, scavenged, and its metadata taken back", s => { s.SetMetadata(Damaged, """{"$tb":3}"""); s.Scavenge(); s.SetMetadata(Damaged, "{}"); }, 1 },
        { "an older event's link", s => s.Replace(Damaged, 4, "3@telemetry-log"), 5 },
        { "an event of another stream's link", s => s.Replace(Damaged, 6, "4@telemetry-log"), 7 },
        { "a link to elsewhere", s => s.Replace(Damaged, 7, "7@telemetry-log-of-before"), 8 },
        { "no link", s => s.Replace(Damaged, 8, "something else"), 9 },
    };

    [Theory]
    [MemberData(nameof(DamagesToLinks))]
    public async Task A_stream_of_links_in_EventStoreDB_that_leads_elsewhere_than_the_log_or_is_cut_off_is_found_and_located(string _, Action<EventStoreDbStandIn> damage, int version)
    {
        using var directory = new TemporaryDirectory();
        await using var server = await EventStoreDbStandIn.StartAsync();
        await using var whole = Services(new(directory.Path, server.ConnectionString));
        await FillAndIndexAsync(whole, server);
        Assert.Empty((await VerifyAsync(whole, project: true)).Faults);
        var position = (await whole.GetRequiredService<IEventStore>().ReadAllAsync().FirstAsync(e => e.Streams.Contains(new(StreamName.Parse(Damaged)!.Value, version)))).Position;
        damage(server);
        await using var altered = Services(new(directory.Path, server.ConnectionString)); // which remembers nothing

        var fault = Assert.Single((await VerifyAsync(altered, project: true)).Faults);

        Assert.Equal((AuditFaultKind.StreamDiffers, Damaged, version), (fault.Kind, fault.Stream.ToString(), fault.Version));
        Assert.Equal(position, fault.Position);
    }

    [Fact]
    public async Task Streams_of_EventStoreDB_that_were_deleted_for_good_or_are_not_indexed_yet_or_are_somebody_elses_are_no_faults()
    {
        using var directory = new TemporaryDirectory();
        await using var server = await EventStoreDbStandIn.StartAsync();
        await using var services = Services(new(directory.Path, server.ConnectionString));
        await FillAndIndexAsync(services, server);
        server.Tombstone(Damaged);
        server.SetMetadata("samples-p1-2026-10", """{"$maxCount":1000000}""");
        server.SetMetadata("samples-of-another-program", """{"$tb":7}""");
        server.HasFilteredReads = false; // a server before 21.10 shows all that it has
        for (var i = 0; i < 10; i++)
            server.Fail("BatchAppend", new(14, "gone", AfterDoing: true)); // the links are there, and nothing says so
        var indexed = server.Count("telemetry-indexed");
        await services.GetRequiredService<IEventStore>().AppendAsync([new(EventId.New(), "quota-set", new EventBody.Json("{}"u8.ToArray()), [new(new("quota", "new"))])], TestContext.Current.CancellationToken);
        await Poll.UntilAsync(() => server.Count("quota-new") == 1);

        var report = await VerifyAsync(services, project: true);

        Assert.Empty(report.Faults);
        Assert.Equal((13, indexed), (report.StreamsCompared, server.Count("telemetry-indexed")));
    }

    [Fact]
    public async Task A_user_who_may_not_read_all_of_EventStoreDB_is_told_that_its_index_was_not_read()
    {
        using var directory = new TemporaryDirectory();
        await using var server = await EventStoreDbStandIn.StartAsync();
        await using var services = Services(new(directory.Path, server.ConnectionString));
        await FillAsync(services.GetRequiredService<IEventStore>());
        server.ShowsAll = false;

        var report = await VerifyAsync(services, project: true);

        Assert.Equal(("The index of streams cannot be read: EventStoreDB refuses the user: Access Denied", 0), (Assert.Single(report.Faults).Message, report.StreamsCompared));
    }

    [Theory]
    [InlineData("update events set data = set_byte(data, octet_length(data) - 1, get_byte(data, octet_length(data) - 1) # 255) where seq_id = 3", 3)]
    [InlineData("update events set timestamp = timestamp + interval '1 second' where seq_id = 4", 4)]
    [InlineData("update events set type = 'alarm-created' where seq_id = 5", 5)]
    [InlineData("delete from events where seq_id = 6", 6)]
    [InlineData("delete from events where seq_id > 25", 26)]
    [InlineData("update events set seq_id = -seq_id where seq_id in (8, 9); update events set seq_id = 17 + seq_id where seq_id < 0", 8)]
    [InlineData("delete from stream_events where version = 1 and stream_id = (select min(stream_id) from stream_events)", null)]
    [InlineData("update stream_events set stream_id = -stream_id", null)]
    public async Task A_change_to_the_tables_of_PostgreSQL_is_found_and_located(string sql, int? position)
    {
        using var directory = new TemporaryDirectory();
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        var stores = new Stores(directory.Path, StoreSettings.PostgreSql, StoreSettings.PostgreSql, database.ConnectionString);
        await using (var whole = Services(stores))
        {
            await FillAsync(whole.GetRequiredService<IEventStore>());
            Assert.Empty((await VerifyAsync(whole, project: true)).Faults);
            whole.GetRequiredService<AuditLog>().Publish();
        }
        await database.ExecuteAsync($"set search_path to event_log; {sql}");
        await using var altered = Services(stores);

        var report = await VerifyAsync(altered, project: false);

        Assert.NotEmpty(report.Faults);
        if (position is { } at)
            Assert.Contains(report.Faults, f => f.Position == at || f.Leaf == at - 1);
        else
            Assert.All(report.Faults, f => Assert.Equal((AuditFaultKind.StreamDiffers, true), (f.Kind, f.Stream is not null && f.Version is not null)));
    }

    [Theory]
    [InlineData(StoreSettings.Sqlite)]
    [InlineData(StoreSettings.PostgreSql)]
    [InlineData("eventstoredb")]
    public async Task A_signature_is_judged_by_its_key_as_it_is_where_the_batch_comes_in_the_log_however_close_the_revocation(string kind)
    {
        using var directory = new TemporaryDirectory();
        await using var database = kind == StoreSettings.PostgreSql ? await (await PostgresServer.SharedAsync()).CreateDatabaseAsync() : null;
        await using var services = Services(
            new(directory.Path, kind == "eventstoredb" ? EventStoreDbServer.ConnectionString : kind, kind == StoreSettings.PostgreSql ? kind : StoreSettings.Sqlite, database?.ConnectionString),
            EventStoreDbServer.NewPrefix());
        using var key = P256.Create();
        var (log, ct) = (services.GetRequiredService<IEventStore>(), TestContext.Current.CancellationToken);
        foreach (var id in new[] { "a", "b" })
            await log.AppendAsync([SigningKeyEvents.Store(new SigningKeyEvent.KeyRegistered(id, null, key.ExportSubjectPublicKeyInfo(), null, ManualTime.Start), EventId.New(), 0)], ct);
        var between = Interposed.Before(log, nameof(IEventStore.AppendAsync), out var hook);
        await using var metrics = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var intake = new SampleIntake(between, new Caught(), new(), new(between, new(), new([])), new(metrics.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>()));
        Task<bool> SendAsync(string keyId, int volume, EventId id, int? signed = null) => intake.AppendAsync(
            Batch(volume), id, "amqp", new(BatchSignature.OfStreams(keyId, key, Batch(signed ?? volume)), default, null), ct);
        Task RevokeAsync(string keyId) => log.AppendAsync([SigningKeyEvents.Store(new SigningKeyEvent.KeyRevoked(keyId, null, ManualTime.Start), EventId.New(), 1)], ct);

        // Revoked after the signature was verified and before the batch is appended.
        var first = EventId.New();
        var evidence = new BatchEvidence(BatchSignature.OfStreams("a", key, Batch(1)), default, null);
        Assert.True(await intake.AppendAsync(Batch(1), first, "amqp", evidence, ct));
        hook.Action = () => RevokeAsync("a");
        Assert.Contains("'a' is revoked", (await Assert.ThrowsAsync<SignatureRefusedException>(() => SendAsync("a", 2, EventId.New()))).Message, StringComparison.Ordinal);

        // What was stored before comes again, by its id and signature; another's signature does not pass for it.
        Assert.False(await intake.AppendAsync(Batch(1), first, "amqp", evidence, ct));
        await Assert.ThrowsAsync<SignatureRefusedException>(() => SendAsync("a", 1, first));
        await Assert.ThrowsAsync<SignatureRefusedException>(() => intake.AppendAsync(Batch(7), first, "amqp", evidence, ct));

        // In a crowd.
        var stored = await Task.WhenAll(Enumerable.Range(0, 60).Select(n => Task.Run(async () =>
        {
            try
            {
                if (n == 30)
                    await RevokeAsync("b");
                return n != 30 && await SendAsync("b", n, EventId.New());
            }
            catch (SignatureRefusedException)
            {
                return false;
            }
        }, ct)));
        var report = await VerifyAsync(services, project: true);
        Assert.Empty(report.Faults);
        Assert.Equal(1 + stored.Count(s => s), report.Signatures);
        Assert.Equal("key-b", (await log.ReadAllAsync(ct: ct).LastAsync(ct)).Streams[0].Stream.ToString()); // nothing it signed comes after
    }

    private static SampleBatch Batch(double volume) => new(
        [new("net", SampleType.Delta, "MB", "r", "p", "u", "s")], [UnixMicroseconds.From(ManualTime.Start)], [volume], [Metadata.Empty]);

    private sealed class Caught : IProjectionProgress
    {
        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default) => new(true);
    }

    /// <summary>A stream of many versions.</summary>
    private const string Damaged = "samples-p2-2026-10";

    private static async Task FillAndIndexAsync(IServiceProvider services, EventStoreDbStandIn server)
    {
        var (log, ct) = (services.GetRequiredService<IEventStore>(), TestContext.Current.CancellationToken);
        await FillAsync(log);
        await foreach (var (stream, version) in log.ListStreamsAsync(ct: ct))
            await Poll.UntilAsync(() => server.Count(stream.ToString()) == version);
    }

    private static async Task FillAsync(IEventStore log)
    {
        for (var i = 0; i < 150; i++) // indexes of streams are written for many events together
        {
            var batch = new SampleBatch(
                [.. Enumerable.Range(0, 20).Select(n => new SeriesKey("cpu", SampleType.Gauge, "%", $"r{n % 7}", $"p{n % 5}", null, "test"))],
                [.. Enumerable.Range(0, 20).Select(n => 1_790_812_800_000_000 + (86_400_000_000 * 2 * (i % 30)) + n)],
                [.. Enumerable.Range(0, 20).Select(n => Math.Round((i * 1.7) + n, 2))],
                [.. Enumerable.Range(0, 20).Select(n => Metadata.Parse(Encoding.UTF8.GetBytes($$"""{"host":"h{{(n + i) % 4}}"}""")))]);
            var recorded = i % 5 == 4
                ? new NewEvent(EventId.FromName([(byte)i]), "quota-set", new EventBody.Json(Encoding.UTF8.GetBytes($$"""{"n":{{i}}}""")), [new(new("quota", $"p{i % 2}"))])
                : new(EventId.FromName([(byte)i]), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))], new("rest", Correlation: $"request {i}"));
            await log.AppendAsync([recorded], TestContext.Current.CancellationToken);
        }
    }

    /// <param name="project">Whether the tree is brought up with the log before.</param>
    private static async Task<AuditReport> VerifyAsync(ServiceProvider services, bool project)
    {
        var log = services.GetRequiredService<IEventStore>();
        var tree = services.GetServices<IProjection>().Single(p => p is IAuditTree);
        tree.Load();
        var truth = new BruteForceReader();
        if (project)
        {
            await foreach (var e in log.ReadAllAsync())
            {
                truth.Apply(e);
                if (e.Position > tree.Position)
                    tree.Apply(e);
            }
            tree.Flush([0]);
        }
        var audit = services.GetRequiredService<AuditLog>();
        return await new LogVerifier(log, audit.Tree, audit.Checkpoints(), audit.Verifier, new(truth, ReadModelScope.Full)).VerifyAsync();
    }

    private static ServiceProvider Services(Stores stores, string prefix = "")
    {
        var services = new ServiceCollection().AddLogging();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection([new("Telemetry:EventLog:Prefix", prefix)]).Build());
        services.AddSingleton<TimeProvider>(new ManualTime());
        services.AddStores(stores, start: false);
        return services.BuildServiceProvider();
    }
}
