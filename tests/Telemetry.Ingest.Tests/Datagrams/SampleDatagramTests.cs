using System.Text.Json;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;
using Telemetry.Domain.Signing;
using Telemetry.Ingest.Datagrams;

namespace Telemetry.Ingest.Tests.Datagrams;

public sealed class SampleDatagramTests
{
    private static readonly SigningSecrets Secret = new(["s3cr3t"]);

    internal static IReadOnlyList<byte[]> Recorded { get; } =
    [
        .. JsonElement.Parse(TestData.Bytes("notifications/udp-datagrams.json")).GetProperty("udp_datagrams_hex").EnumerateArray().Select(d => Convert.FromHexString(d.GetString()!)),
    ];

    [Fact]
    public void Every_recorded_datagram_verifies_and_gives_its_sample()
    {
        var samples = Recorded.Select(d => SampleDatagram.Read(d, Secret)).ToList();

        Assert.Equal(["cpu", "memory.usage", "image.size", "ip.floating"], samples.Select(s => s.Series.Meter));
        Assert.Equal(new SeriesKey("cpu", SampleType.Cumulative, "ns", "r1", "p1", "u1", "openstack"), samples[0].Series);
        Assert.Equal((15430000000, "2026-11-20T10:00:00.123456", 12345.678), (samples[0].Volume, UnixMicroseconds.Format(samples[0].Timestamp), samples[0].MonotonicTime));
        Assert.Equal("00000000-0000-0000-0000-000000000001", samples[0].MessageId);
        Assert.Equal(QueryValue.Of("żółw 🐢"), samples[1].Metadata["display_name"]);
        Assert.All(samples, s => Assert.NotNull(s.Signature));
    }

    [Fact]
    public void A_recorded_datagram_is_written_byte_by_byte_as_Ceilometer_did() => Assert.All(Recorded, d =>
        Assert.Equal(d, MessagePackWriter.FromJson(Telemetry.Domain.PythonJson.Parse(MessagePackReader.ToJson(d)).RootElement)));

    [Fact]
    public void A_changed_datagram_is_refused()
    {
        byte[] changed = [.. Recorded[0]];
        changed[Array.IndexOf(changed, (byte)'c', 20)] ^= 1; // a letter of the meter's name

        Assert.ThrowsAny<Exception>(() => SampleDatagram.Read(changed, Secret));
        Assert.Contains("00000000-0000-0000-0000-000000000001", Assert.Throws<WrongSignatureException>(() => SampleDatagram.Read(Recorded[0], new(["other"]))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_datagram_that_is_no_sample_says_why()
    {
        Assert.Contains("no map", Assert.Throws<FormatException>(() => SampleDatagram.Read([0x01], SigningSecrets.None)).Message, StringComparison.Ordinal);
        Assert.Contains("'counter_name' is missing", Assert.Throws<FormatException>(() => SampleDatagram.Read([0x80], SigningSecrets.None)).Message, StringComparison.Ordinal);
        Assert.Contains("no MessagePack", Assert.Throws<FormatException>(() => SampleDatagram.Read([0xc1], SigningSecrets.None)).Message, StringComparison.Ordinal);
        Assert.Contains("at most 65536", Assert.Throws<FormatException>(() => SampleDatagram.Read(new byte[70_000], SigningSecrets.None)).Message, StringComparison.Ordinal);
    }
}
