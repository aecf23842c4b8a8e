using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class SampleIntakeTests : IDisposable
{
    private readonly InMemoryEventStore _store = new(TimeProvider.System);
    private readonly Progress _progress = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly SampleIntake _intake;

    public SampleIntakeTests() =>
        _intake = new(_store, _progress, new SampleLimits(), new(_store, new(), new([])), new IntakeMetrics(_services.GetRequiredService<IMeterFactory>()));

    public void Dispose() => _services.Dispose();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static SampleBatch Batch(params (string? Project, string At)[] samples) => Bodies.Read(Bodies.List([.. samples.Select(
        s => Bodies.Sample(("project_id", s.Project is null ? "null" : $"\"{s.Project}\""), ("timestamp", $"\"{s.At}\"")))])).Batch;

    [Fact]
    public async Task A_batch_is_one_event_in_a_stream_a_project_and_month()
    {
        var accepted = await _intake.AcceptAsync(Batch(("a", "2026-01-31"), ("b", "2026-01-31"), ("a", "2026-02-01"), (null, "2026-02-01")), EventId.New(), "rest", Ct);

        var e = Assert.Single(await _store.ReadAllAsync(ct: Ct).ToListAsync(Ct));
        Assert.Equal(("samples-recorded", "rest"), (e.Type, e.Metadata.Source));
        Assert.Equal(["samples-a-2026-01", "samples-b-2026-01", "samples-a-2026-02", "samples-none-2026-02"], e.Streams.Select(s => s.Stream.ToString()));
        Assert.Equal(e.Position, accepted.Position);
        Assert.Equal(e.Id.Sample(3).ToString(), accepted.SampleId(3));
    }

    [Fact]
    public async Task A_batch_that_repeats_series_is_in_the_streams_of_its_own_months()
    {
        var series = Batch(("a", "2026-01-01"), ("b", "2026-01-01")).Series;
        foreach (var (first, second) in new[] { ("2026-01-01", "2026-01-02"), ("2026-01-03", "2026-01-03"), ("2026-01-31", "2026-02-01"), ("2026-02-02", "2026-02-02") })
        {
            var at = Batch(("a", first), ("b", second));
            await _intake.AcceptAsync(new(series, at.Timestamps, at.Volumes, at.Metadata) { RepeatsSeries = true }, EventId.New(), "rest", Ct);
        }

        Assert.Equal(
            ["samples-a-2026-01 samples-b-2026-01", "samples-a-2026-01 samples-b-2026-01", "samples-a-2026-01 samples-b-2026-02", "samples-a-2026-02 samples-b-2026-02"],
            await _store.ReadAllAsync(ct: Ct).Select(e => string.Join(' ', e.Streams.Select(s => s.Stream))).ToListAsync(Ct));
    }

    [Fact]
    public async Task The_answer_waits_until_the_position_can_be_read()
    {
        var visible = await _intake.AcceptAsync(Batch(("a", "2026-01-01")), EventId.New(), "rest", Ct);
        _progress.Visible = false;
        var hidden = await _intake.AcceptAsync(Batch(("a", "2026-01-01")), EventId.New(), "rest", Ct);

        Assert.Equal([(visible.Position, TimeSpan.FromSeconds(2)), (hidden.Position, TimeSpan.FromSeconds(2))], _progress.Asked);
        Assert.True(visible.Visible);
        Assert.False(hidden.Visible);
    }

    [Fact]
    public async Task The_same_id_again_stores_nothing_and_answers_as_the_first()
    {
        var id = EventId.New();
        var first = await _intake.AcceptAsync(Batch(("a", "2026-01-01")), id, "rest", Ct);
        await _intake.AcceptAsync(Batch(("b", "2026-01-01")), EventId.New(), "rest", Ct);

        var again = await _intake.AcceptAsync(Batch(("a", "2026-01-02")), id, "rest", Ct);

        Assert.True(again.AlreadyStored);
        Assert.Equal((first.Position, first.SampleId(0)), (again.Position, again.SampleId(0)));
        Assert.Equal(first.Batch.Timestamps, again.Batch.Timestamps); // the time of the first, for samples that leave it to the server
        Assert.Equal(2, await _store.HeadAsync(Ct));
        await Assert.ThrowsAsync<OtherSamplesStoredException>(() => _intake.AcceptAsync(Batch(("c", "2026-01-01")), id, "rest", Ct));
    }

    [Fact]
    public async Task A_batch_in_which_all_samples_were_dropped_stores_nothing()
    {
        await _intake.AcceptAsync(Batch(("a", "2026-01-01")), EventId.New(), "rest", Ct);

        var accepted = await _intake.AcceptAsync(Bodies.Read(Bodies.List(Bodies.Sample(("counter_volume", "null")))).Batch, EventId.New(), "rest", Ct);

        Assert.Equal((1, 0), (accepted.Position, accepted.Batch.Count));
        Assert.Equal(1, await _store.HeadAsync(Ct));
    }

    [Fact]
    public async Task More_streams_than_one_event_can_be_in_become_several_events()
    {
        var count = EventId.MaxPart + 10;
        var series = Enumerable.Range(0, count).Select(i => new SeriesKey("m", SampleType.Gauge, "u", "r", $"p{i}", null, "s")).ToArray();
        var batch = new SampleBatch(
            series, new long[count], [.. Enumerable.Range(0, count).Select(i => (double)i)], [.. series.Select(_ => Metadata.Empty)]);

        var accepted = await _intake.AcceptAsync(batch, EventId.New(), "rest", Ct);

        var events = await _store.ReadAllAsync(ct: Ct).ToListAsync(Ct);
        Assert.Equal([EventId.MaxPart, 10], events.Select(e => e.Streams.Count));
        Assert.Equal(2, accepted.Position);
        Assert.Equal(events[0].Id.Sample(EventId.MaxPart - 1).ToString(), accepted.SampleId(EventId.MaxPart - 1));
        Assert.Equal(events[1].Id.Sample(9).ToString(), accepted.SampleId(count - 1));
    }

    [Fact]
    public void A_split_batch_keeps_every_column()
    {
        var batch = Bodies.Read(Bodies.List([.. "abca".Select((project, i) => Bodies.Sample(
            ("project_id", $"\"{project}\""), ("counter_volume", $"{i}"), ("resource_metadata", $$"""{"i":{{i}}}"""),
            ("message_id", i % 2 == 0 ? $"\"id{i}\"" : "null"), ("message_signature", $"\"{new string((char)('a' + i), 64)}\"")))])).Batch;

        var parts = SampleBatchSplit.Split(batch, maxStreams: 2);

        Assert.Equal([0, 2], parts.Select(p => p.First));
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Batch.Count; i++)
            {
                var whole = part.First + i;
                Assert.Equal(batch.Series[whole], part.Batch.Series[i]);
                Assert.Equal(batch.Volumes[whole], part.Batch.Volumes[i]);
                Assert.Equal(batch.Metadata[whole], part.Batch.Metadata[i]);
                Assert.Equal(batch.MessageIds![whole], part.Batch.MessageIds![i]);
                Assert.Equal(batch.Signature(whole), part.Batch.Signature(i));
            }
        }
    }

    private sealed class Progress : IProjectionProgress
    {
        public List<(long, TimeSpan)> Asked { get; } = [];
        public bool Visible { get; set; } = true;

        public ValueTask<bool> WaitForAsync(long position, TimeSpan timeout, CancellationToken ct = default)
        {
            Asked.Add((position, timeout));
            return ValueTask.FromResult(Visible);
        }
    }
}
