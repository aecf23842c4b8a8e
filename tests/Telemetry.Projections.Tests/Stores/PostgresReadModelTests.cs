using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;
using Telemetry.Projections.Audit;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Stores;
using Telemetry.Projections.Stores.Postgres;
using Telemetry.Projections.Tests.Events;
using Telemetry.Projections.Tests.Samples;

namespace Telemetry.Projections.Tests.Stores;

public sealed class PostgresStoringTests : StoringConformance
{
    private protected override Task<StorePlace> PlaceAsync() => PostgresPlace.CreateAsync();
}

public sealed class PostgresAuditTreeTests : AuditTreeConformance
{
    private protected override Task<StorePlace> PlaceAsync() => PostgresPlace.CreateAsync();
}

public sealed class PostgresEventTests : EventConformance
{
    private protected override Task<StorePlace> PlaceAsync() => PostgresPlace.CreateAsync();
}

public sealed class PostgresRunningTests : RunningConformance
{
    private protected override Task<StorePlace> PlaceAsync() => PostgresPlace.CreateAsync();

    private protected override void Damage(string fault)
    {
        using var store = new PostgresReadModels(((PostgresPlace)Place).Database.ConnectionString);
        store.Execute(fault switch
        {
            "ahead" => "update projection_range set position = 1000 where range = 0",
            "other version" => "update projection set version = 0",
            _ => $"drop table state_samples_{store.Find("samples")!.Value.Generation}",
        });
    }
}

/// <summary>What only a store does that several processes share.</summary>
public sealed class PostgresReadModelTests : IAsyncLifetime
{
    private static readonly SeriesKey Key = new("cpu", SampleType.Gauge, "%", "r1", "p1", "u1", "s");
    private PostgresPlace _place = null!;

    public async ValueTask InitializeAsync() => _place = (PostgresPlace)await PostgresPlace.CreateAsync();

    public ValueTask DisposeAsync() => _place.DisposeAsync();

    [Fact]
    public async Task Of_two_processes_that_store_the_same_projection_one_wins_and_the_other_has_written_nothing()
    {
        await using var first = new ReadModel(new Shared(_place));
        await using var second = new ReadModel(new Shared(_place));
        var batch = new RandomSamples(1).Batch(500);
        await first.AppendAsync(batch);
        await second.AppendAsync(batch);
        first.Projection.Flush();

        Assert.Throws<ReadModelTakenException>(second.Projection.Flush);

        Assert.True(second.Projection.Follow());
        await Answers.CompareAsync(second, new(1), 5);
        var third = new RandomSamples(2).Batch(500);
        await second.AppendAsync(third);
        second.Projection.Flush();
        Assert.Throws<ReadModelTakenException>(() => FlushAfter(first, third).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Two_processes_that_begin_at_the_same_time_agree_on_one_generation()
    {
        using var barrier = new Barrier(4);
        var generations = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            using var store = _place.Open();
            barrier.SignalAndWait();
            var projection = new SampleProjection(store, new(), NullLogger<SampleProjection>.Instance);
            projection.Load();
            return store.Find("samples")!.Value.Generation;
        })));
        Assert.Single(generations.Distinct());
        Assert.Single(_place.Tables(), t => t.StartsWith("state_samples_", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Segments_lie_in_tables_by_month_and_a_query_reads_only_those_it_needs()
    {
        await using var model = new ReadModel(new Shared(_place), cacheBytes: 1);
        foreach (var month in Enumerable.Range(0, 4))
            await model.AppendAsync(Every(TimeSpan.FromMinutes(10), new DateTimeOffset(2026, 3 + month, 1, 0, 0, 0, TimeSpan.Zero), 3_000));
        await model.AppendAsync(Every(TimeSpan.FromMinutes(10), new DateTimeOffset(1970, 1, 2, 0, 0, 0, TimeSpan.Zero), 600));
        await model.AppendAsync(Every(TimeSpan.FromMinutes(10), new DateTimeOffset(2999, 1, 2, 0, 0, 0, TimeSpan.Zero), 600));
        model.Projection.Flush();

        var tables = _place.Tables().Where(t => t.StartsWith("segment_samples_", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.Contains(tables, t => t.EndsWith("_2026_03", StringComparison.Ordinal));
        Assert.Contains(tables, t => t.EndsWith("_2026_06", StringComparison.Ordinal));
        Assert.DoesNotContain(tables, t => t.EndsWith("_1970_01", StringComparison.Ordinal) || t.EndsWith("_2999_01", StringComparison.Ordinal));
        var plan = await PlanAsync($"select * from {tables[0]} where page = 0 and kind = 0 and last_at >= {UnixMicroseconds.From(new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero))}");
        Assert.DoesNotContain("_2026_04", plan, StringComparison.Ordinal);
        Assert.Contains("_2026_06", plan, StringComparison.Ordinal);
        await Answers.CompareStatisticsAsync(model, new(Predicate.True, TimeRange.Always, 3_600, null, [], []));
    }

    [Fact]
    public async Task What_another_process_has_stored_of_telemetry_events_is_not_news_that_was_seen_before()
    {
        await using var first = new EventReadModel(new Shared(_place));
        await using var second = new EventReadModel(new Shared(_place));
        TelemetryEvent[] events = [new("1", "t", 1, []), new("2", "t", 2, [new("size", QueryValue.Of(3))])];
        foreach (var e in events)
            await first.AppendAsync(e);
        first.Projection.Flush(); // all of it, while the second one has read nothing yet
        foreach (var e in events)
            await second.AppendAsync(e);

        Assert.Equal(["1", "2"], (await second.Reader.EventsAsync(new(Predicate.True, 10), TestContext.Current.CancellationToken)).Select(r => r.Event.MessageId));
        Assert.Throws<ReadModelTakenException>(second.Projection.Flush);
        Assert.True(second.Projection.Follow());
        await second.AppendAsync(new TelemetryEvent("3", "t", 3, [new("size", QueryValue.Of(3))]));
        second.Projection.Flush();
        var size = new Predicate.Compare(TelemetryEventFields.Trait("size", TraitType.Integer), Comparison.Equal, QueryValue.Of(3));
        Assert.Equal(["2", "3"], (await second.Reader.EventsAsync(new(size, 10), TestContext.Current.CancellationToken)).Select(r => r.Event.MessageId));
    }

    [Fact]
    public void All_processes_sign_with_one_key_and_lose_no_cosignature_of_each_other()
    {
        using var first = new PostgresCheckpoints(_place.Database.ConnectionString);
        using var second = new PostgresCheckpoints(_place.Database.ConnectionString);
        var key = first.KeyPem();
        Assert.Equal(key, second.KeyPem());
        var signed = AuditKeyFile.Signer(key, "log").Sign(new Checkpoint("log", 0, MerkleTree.EmptyRoot).ToString());
        var kept = first.Keep(new(0, 0, signed));

        foreach (var (witness, checkpoints) in new[] { ("a", first), ("b", second) })
            checkpoints.Keep(kept with { Note = signed.With(new NoteSigner(witness, P256.Create()).Sign(signed.Text).Signatures[0]) }); // each knows nothing of the other

        Assert.Equal(["a", "b", "log"], first.Latest()!.Note.Signatures.Select(s => s.KeyName).Order());
    }

    [Fact]
    public async Task A_replaced_generation_stays_for_its_readers_and_goes_with_a_later_flush()
    {
        await using var model = new ReadModel(new Shared(_place));
        await model.AppendAsync(Every(TimeSpan.FromSeconds(1), DateTimeOffset.UnixEpoch, 10));
        model.Projection.Flush();
        using (var rebuild = model.Projection.BeginRebuild())
        {
            rebuild.Apply((await model.Log.FindAsync(1, TestContext.Current.CancellationToken))!);
            rebuild.Complete();
            await rebuild.DropReplacedAsync();
        }
        Assert.Equal(2, await StatesAsync());

        await _place.Database.ExecuteAsync("update read_models.replaced set at = at - interval '1 hour'");
        await model.AppendAsync(Every(TimeSpan.FromSeconds(1), DateTimeOffset.UnixEpoch, 10));
        model.Projection.Flush();

        Assert.Equal(1, await StatesAsync());

        Task<long> StatesAsync() => _place.Database.ScalarAsync<long>("select count(*) from pg_tables where tablename like 'state_samples_%'");
    }

    [Fact]
    public async Task Where_Citus_is_there_the_tables_are_distributed_when_they_are_made()
    {
        // Not the extension itself: what it would be asked for.
        using (_place.Open())
        {
        }
        await _place.Database.ExecuteAsync("""
            create table read_models.asked (n serial, what text);
            create function read_models.create_distributed_table(t regclass, c text, colocate_with text default '') returns void language sql
                as $$ insert into read_models.asked (what) values (t::text || ' by ' || c) $$;
            create function read_models.create_reference_table(t regclass) returns void language sql as $$ insert into read_models.asked (what) values (t::text) $$;
            """);
        await using var model = new ReadModel(new Shared(_place));
        var asked = await _place.Database.ScalarAsync<string>("select string_agg(what, ', ' order by n) from read_models.asked");
        Assert.Contains("segment_samples_", asked, StringComparison.Ordinal);
        Assert.Equal(2, asked!.Split(" by page").Length - 1);
        Assert.Equal(6, asked.Split(", ").Length);
    }

    private static async Task FlushAfter(ReadModel model, SampleBatch batch)
    {
        await model.AppendAsync(batch);
        model.Projection.Flush();
    }

    private static SampleBatch Every(TimeSpan step, DateTimeOffset from, int count) => new(
        [.. Enumerable.Repeat(Key, count)], [.. Enumerable.Range(0, count).Select(i => UnixMicroseconds.From(from + (step * i)))],
        [.. Enumerable.Range(0, count).Select(i => (double)(i % 7))], [.. Enumerable.Repeat(Metadata.Empty, count)]);

    private async Task<string> PlanAsync(string sql)
    {
        await using var command = _place.Database.Source.CreateCommand($"set search_path to read_models; explain {sql}");
        await using var reader = await command.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(0));
        return string.Join('\n', lines);
    }

    /// <summary>A process of its own on the same database.</summary>
    private sealed class Shared(StorePlace place) : StorePlace
    {
        public override IReadModelStore Open() => place.Open();

        public override ICheckpoints OpenCheckpoints() => place.OpenCheckpoints();

        public override Task DeleteAsync() => place.DeleteAsync();

        public override List<string> Tables() => place.Tables();

        public override ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
