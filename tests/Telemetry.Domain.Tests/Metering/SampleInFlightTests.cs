using Telemetry.Domain.Metering;

namespace Telemetry.Domain.Tests.Metering;

public sealed class SampleInFlightTests
{
    private static SampleInFlight Sample(string? id = null, byte[]? signature = null) =>
        new(new("cpu", SampleType.Gauge, "%", "r", "p", "u", "openstack"), 5, 1.5, Metadata.Parse("""{"a":1}"""u8)) { MessageId = id, Signature = signature };

    [Fact]
    public void Samples_become_columns_that_share_what_is_equal()
    {
        var batch = SampleInFlight.ToBatch([Sample(), Sample() with { Timestamp = 6, Volume = 2 }]);

        Assert.Same(batch.Series[0], batch.Series[1]);
        Assert.Same(batch.Metadata[0], batch.Metadata[1]);
        Assert.Equal([5L, 6L], batch.Timestamps);
        Assert.Equal([1.5, 2.0], batch.Volumes);
        Assert.Null(batch.MessageIds);
        Assert.Null(batch.Signatures);
    }

    [Fact]
    public void Ids_of_any_form_and_signatures_are_kept_and_none_where_there_is_none()
    {
        var signature = Enumerable.Range(1, 32).Select(i => (byte)i).ToArray();
        string?[] ids = ["6dcc5daa-e4cc-11f1-a585-02fc00000001", "6DCC5DAA-E4CC-11F1-A585-02FC00000001", "other", null, "00000000-0000-0000-0000-000000000000"];

        var batch = SampleInFlight.ToBatch([.. ids.Select(id => Sample(id, id == "other" ? signature : null))]);

        Assert.Equal(ids, Enumerable.Range(0, ids.Length).Select(i => batch.MessageIds![i]));
        Assert.Equal([null, null, Convert.ToHexStringLower(signature), null, null], Enumerable.Range(0, ids.Length).Select(batch.Signature));
    }

    [Fact]
    public void No_samples_are_an_empty_batch() => Assert.Equal(0, SampleInFlight.ToBatch([]).Count);
}
