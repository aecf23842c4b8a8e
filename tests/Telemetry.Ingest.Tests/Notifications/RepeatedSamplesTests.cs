using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;
using Telemetry.Ingest.Notifications;
using Telemetry.Ingest.Tests.Pipelines;

namespace Telemetry.Ingest.Tests.Notifications;

public sealed class RepeatedSamplesTests
{
    private readonly RepeatedSamples _repeated = new();

    private static SampleInFlight Sample(int id) => InFlight.Of() with { MessageId = new Guid(id, 1, 1, new byte[8]).ToString() };

    [Fact]
    public void A_sample_that_another_message_brought_is_left_out_and_a_redelivered_message_gives_the_same_again()
    {
        var (first, second) = (EventId.New(), EventId.New());

        Assert.Equal(2, _repeated.Without([Sample(1), Sample(2)], first).Count);
        Assert.Equal(Sample(3), Assert.Single(_repeated.Without([Sample(2), Sample(3)], second)));
        Assert.Equal(2, _repeated.Without([Sample(1), Sample(2)], first).Count);
    }

    [Fact]
    public void Columns_lose_the_samples_that_another_message_brought_and_keep_the_rest_as_they_were()
    {
        SampleInFlight[] samples = [Sample(1) with { Signature = new byte[32] }, Sample(2) with { Volume = 2, Signature = [.. Enumerable.Repeat((byte)7, 32)] }, InFlight.Of("other") with { MessageId = "own" }];
        _repeated.Without([Sample(1)], EventId.New());

        var batch = _repeated.Without(SampleInFlight.ToBatch(samples), EventId.New());

        Assert.Equal(["cpu", "other"], batch.Series.Select(s => s.Meter));
        Assert.Equal([2.0, 1.0], batch.Volumes);
        Assert.Equal((samples[1].MessageId, "own"), (batch.MessageIds![0], batch.MessageIds[1]));
        Assert.Equal((Convert.ToHexStringLower(samples[1].Signature!), null), (batch.Signature(0), batch.Signature(1)));
        Assert.Equal(1, _repeated.Without(SampleInFlight.ToBatch(samples), EventId.New()).Count);
    }

    [Fact]
    public void A_sample_without_a_UUID_is_always_kept()
    {
        Assert.Single(_repeated.Without([InFlight.Of()], EventId.New()));
        Assert.Single(_repeated.Without([InFlight.Of() with { MessageId = "own" }], EventId.New()));
        Assert.Single(_repeated.Without([InFlight.Of() with { MessageId = "own" }], EventId.New()));
    }

    [Fact]
    public void The_last_two_hundred_thousand_are_remembered_and_memory_is_bounded()
    {
        for (var n = 0; n < 3; n++)
            _repeated.Without([.. Enumerable.Range(n * RepeatedSamples.Remembered, RepeatedSamples.Remembered).Select(Sample)], EventId.New());

        Assert.Empty(_repeated.Without([Sample(3 * RepeatedSamples.Remembered - 1), Sample(2 * RepeatedSamples.Remembered)], EventId.New()));
        Assert.Single(_repeated.Without([Sample(0)], EventId.New()));
    }
}
