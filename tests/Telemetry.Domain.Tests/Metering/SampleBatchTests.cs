using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Tests.Metering;

public sealed class SampleBatchTests
{
    [Fact]
    public void A_batch_touches_a_stream_a_project_and_month()
    {
        var batch = Batch(("p1", "2026-01-31T23:59:59Z"), ("p1", "2026-02-01T00:00:00Z"), ("p2", "2026-01-01T00:00:00Z"), ("p1", "2026-01-01T00:00:00Z"), (null, "1969-12-31T23:00:00Z"));

        Assert.Equal(
            ["samples-p1-2026-01", "samples-p1-2026-02", "samples-p2-2026-01", "samples-none-1969-12"],
            batch.Streams().Select(s => s.ToString()));
        Assert.Equal("samples-p1-2026-01", batch.StreamOf(3).ToString());
    }

    [Fact]
    public void No_project_and_a_project_called_none_share_a_stream() => Assert.Equal(
        ["samples-none-2026-01"],
        Batch((null, "2026-01-01T00:00:00Z"), ("none", "2026-01-01T00:00:00Z")).Streams().Select(s => s.ToString()));

    [Fact]
    public void Years_one_and_9999_have_streams_too() => Assert.Equal(
        ["samples-p-0001-01", "samples-p-9999-12"],
        Batch(("p", "0001-01-01T00:00:00Z"), ("p", "9999-12-31T23:59:59.999999Z")).Streams().Select(s => s.ToString()));

    [Fact]
    public void A_sample_id_leads_back_to_its_event_and_place()
    {
        var id = EventId.New();
        var batch = Batch(("p", "2026-01-01T00:00:00Z"), ("p", "2026-01-01T00:00:00Z"));

        var sample = Guid.Parse(batch.SampleId(id, 1));

        Assert.Equal(id, EventId.Containing(sample));
        Assert.Equal(1, EventId.IndexOf(sample));
        Assert.Equal(id, EventId.Containing(id.Share(7)));
        Assert.NotEqual(id.Share(0), id.Value);
        Assert.NotEqual(id.Share(0), id.Share(1));
    }

    [Fact]
    public void The_same_name_always_gives_the_same_event_id()
    {
        Assert.Equal(EventId.FromName("a"u8), EventId.FromName("a"u8));
        Assert.NotEqual(EventId.FromName("a"u8), EventId.FromName("b"u8));
    }

    [Fact]
    public void Columns_of_different_length_make_no_batch() =>
        Assert.Throws<ArgumentException>(() => new SampleBatch([], [1], [], []));

    private static SampleBatch Batch(params (string? Project, string At)[] samples) => new(
        samples.Select(s => new SeriesKey("cpu", SampleType.Gauge, "%", "r", s.Project, null, "openstack")).ToArray(),
        samples.Select(s => UnixMicroseconds.From(DateTimeOffset.Parse(s.At))).ToArray(),
        new double[samples.Length],
        samples.Select(_ => Metadata.Empty).ToArray());
}
