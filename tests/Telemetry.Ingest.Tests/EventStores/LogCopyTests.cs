using Telemetry.Conformance;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.EventStores;
using Telemetry.Ingest.EventStores.Postgres;
using Telemetry.Ingest.EventStores.Sqlite;

namespace Telemetry.Ingest.Tests.EventStores;

public sealed class LogCopyTests : IDisposable
{
    private readonly TemporaryDirectory _first = new();
    private readonly TemporaryDirectory _second = new();
    private readonly ManualTime _time = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _first.Dispose();
        _second.Dispose();
    }

    [Fact]
    public async Task A_log_goes_to_PostgreSQL_and_back_and_is_the_same()
    {
        await using var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        using var source = await FilledAsync(200);
        using (var postgres = new PostgresEventStore(database.ConnectionString, TimeProvider.System))
        using (var back = new SqliteEventStore(_second.Path, TimeProvider.System))
        {
            var there = await new LogCopy(source, postgres).RunAsync(ct: Ct);
            var again = await new LogCopy(postgres, back).RunAsync(ct: Ct);

            Assert.Equal((200L, 200L, true), (there.Copied, there.Events, there.SamePositions));
            Assert.Equal(there, again);
            Assert.Equal(await RootAsync(source), again.Root);
            Assert.Equal(await source.ReadAllAsync(ct: Ct).Select(Text).ToListAsync(Ct), await back.ReadAllAsync(ct: Ct).Select(Text).ToListAsync(Ct));
            Assert.Equal(await source.ListStreamsAsync(ct: Ct).ToListAsync(Ct), await postgres.ListStreamsAsync(ct: Ct).ToListAsync(Ct));
        }
    }

    [Fact]
    public async Task An_interrupted_copy_goes_on_where_it_was()
    {
        using var source = await FilledAsync(50);
        using var target = new SqliteEventStore(_second.Path, TimeProvider.System);
        using var interrupt = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new LogCopy(source, target).RunAsync(new Until(20, interrupt), interrupt.Token));
        Assert.Equal(20, await target.HeadAsync(Ct));

        Assert.Equal((30L, 50L), await new LogCopy(source, target).RunAsync(ct: Ct) is var result ? (result.Copied, result.Events) : default);
        Assert.Equal(0, (await new LogCopy(source, target).RunAsync(ct: Ct)).Copied);
    }

    [Fact]
    public async Task A_target_with_events_of_its_own_is_refused_and_left_as_it_is()
    {
        using var source = await FilledAsync(5);
        var target = new InMemoryEventStore(_time);
        await target.AppendAsync([new(EventId.New(), "alarm-changed", new EventBody.Json("{}"u8.ToArray()), [new(new("alarm", "1"))])], Ct);

        var error = await Assert.ThrowsAsync<LogCopyException>(() => new LogCopy(source, target).RunAsync(ct: Ct));

        Assert.Contains("not empty", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, await target.HeadAsync(Ct));
    }

    [Fact]
    public async Task A_copy_that_differs_is_found_out()
    {
        var (source, target) = (new InMemoryEventStore(_time), new InMemoryEventStore(_time));
        var id = EventId.New();
        foreach (var (store, json) in new[] { (source, "{}"), (target, "{ }") })
            await store.AppendAsync([new(id, "alarm-changed", new EventBody.Json(System.Text.Encoding.UTF8.GetBytes(json)), [new(new("alarm", "1"))])], Ct);

        Assert.Contains("differ", (await Assert.ThrowsAsync<LogCopyException>(() => new LogCopy(source, target).RunAsync(ct: Ct))).Message, StringComparison.Ordinal);
    }

    private async Task<SqliteEventStore> FilledAsync(int events)
    {
        var store = new SqliteEventStore(_first.Path, _time);
        for (var i = 0; i < events; i++)
        {
            _time.Now += TimeSpan.FromMicroseconds(1_001);
            await store.AppendAsync([i % 3 == 0
                ? new(EventId.New(), "alarm-changed", new EventBody.Json((byte[])[(byte)'{', (byte)'}', (byte)(' ' + i % 9)]), [new(new("alarm", (i % 5).ToString()))], new("rest", Correlation: $"r{i}"))
                : Samples(i)], Ct);
        }
        return store;
    }

    private static NewEvent Samples(int n)
    {
        var batch = new SampleBatch(
            [.. Enumerable.Range(0, 4).Select(i => new SeriesKey("cpu", SampleType.Gauge, i % 2 == 0 ? null : "%", $"vm-{n % 7}", i == 3 ? null : $"p{i}", "u", "openstack"))],
            [.. Enumerable.Range(0, 4).Select(i => (long)i)], [.. Enumerable.Range(0, 4).Select(i => n + i / 8.0)],
            [.. Enumerable.Range(0, 4).Select(_ => Metadata.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"n":{{n % 11}}}""")))],
            n % 2 == 0 ? null : new MessageIds([.. Enumerable.Range(0, 4).Select(i => new Guid(n, 1, 2, 3, 4, 5, 6, 7, 8, 9, (byte)i))], new Dictionary<int, string>()));
        return new(EventId.New(), "samples-recorded", new EventBody.Samples(batch), [.. batch.Streams().Select(s => new StreamExpectation(s))]);
    }

    private static async Task<Digest> RootAsync(SqliteEventStore store) =>
        MerkleTree.RootOf(await store.ReadAllAsync(ct: Ct).Select(e => CanonicalEvent.Of(e).LeafHash()).ToListAsync(Ct));

    private static string Text(RecordedEvent e) =>
        $"{e.Position} {e.Id} {e.Type} {e.RecordedAt:O} {string.Join(' ', e.Streams)} {e.Metadata} {(e.Body is EventBody.Json j ? Convert.ToHexString(j.Utf8.Span) : "")}";

    private sealed class Until(long position, CancellationTokenSource interrupt) : IProgress<CopyProgress>
    {
        public void Report(CopyProgress value)
        {
            if (value.Position == position)
                interrupt.Cancel();
        }
    }
}
