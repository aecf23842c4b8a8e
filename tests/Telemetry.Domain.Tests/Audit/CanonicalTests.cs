using System.Text;
using Telemetry.Domain.Audit;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Streams;

namespace Telemetry.Domain.Tests.Audit;

public sealed class CanonicalTests
{
    private const long October = 1_790_812_800_000_000; // 2026-10-01T00:00:00Z

    [Fact]
    public void The_encoding_of_samples_is_the_documented_one()
    {
        // docs/audit.md explains these bytes one by one.
        var batch = Batch([("p", 1.5, October)]);

        Assert.Equal(
            "74656c656d657472792f73616d706c65732f76310a" // telemetry/samples/v1 and a line feed
            + "11000000" + Hex("samples-p-2026-10") + "01000000"
            + "01000000" + "03000000" + Hex("cpu") + "02" + "02000000" + Hex("ns") + "02000000" + Hex("r1") + "01000000" + Hex("p") + "ffffffff" + "09000000" + Hex("openstack")
            + "01000000" + "02000000" + Hex("{}")
            + "00000000" + "00000000" + "00000000"
            + "00a0cd18bc5c0600" + "000000000000f83f"
            + "00" + "00",
            Convert.ToHexStringLower(CanonicalSamples.Encode(SampleShare.Split(batch).Single())));
    }

    [Fact]
    public void A_share_has_the_same_digest_alone_as_within_a_batch_of_others_where_its_numbers_are_the_same()
    {
        var whole = Batch([("p", 1, October), ("p", 2, October), ("q", 3, October)]);
        var alone = Batch([("p", 1, October), ("p", 2, October)]);

        Assert.Equal(SampleShare.Split(alone)[0].Digest(), SampleShare.Split(whole)[0].Digest());
    }

    [Fact]
    public void Equal_keys_that_are_other_objects_make_no_difference()
    {
        var key = Key("p");
        var shared = new SampleBatch([key, key], [October, October], [1, 2], [Metadata.Empty, Metadata.Empty]);
        var apart = new SampleBatch([Key("p"), Key("p")], [October, October], [1, 2], [Metadata.Parse("{}"u8), Metadata.Parse(" { } "u8)],
            new MessageIds([Guid.Empty, Guid.Empty]), new byte[64]);

        Assert.Equal(SampleShare.Split(shared)[0].Digest(), SampleShare.Split(apart)[0].Digest());
    }

    [Fact]
    public void Whatever_a_sample_says_changes_the_digest()
    {
        SampleBatch[] others =
        [
            Batch([("p", 2, October)]),
            Batch([("p", 1, October + 1)]),
            Batch([("p", 1, October), ("p", 1, October)]),
            Batch([("q", 1, October), ("p", 1, October)]), // another number within the batch
            new([Key("p")], [October], [1], [Metadata.Parse("""{"a":1}"""u8)]),
            new([new("cpu", SampleType.Cumulative, null, "r1", "p", null, "openstack")], [October], [1], [Metadata.Empty]),
            new([new("cpu", SampleType.Cumulative, "ns", "r1", "p", "", "openstack")], [October], [1], [Metadata.Empty]),
            new([new("cpu", SampleType.Gauge, "ns", "r1", "p", null, "openstack")], [October], [1], [Metadata.Empty]),
            new([Key("p")], [October], [1], [Metadata.Empty], new MessageIds([Guid.NewGuid()])),
            new([Key("p")], [October], [1], [Metadata.Empty], null, [.. new byte[31], 1]),
        ];
        var digests = others.Prepend(Batch([("p", 1, October)])).Select(b => SampleShare.Split(b).Single(s => s.Stream.ToString() == "samples-p-2026-10").Digest());

        Assert.Equal(others.Length + 1, digests.Distinct().Count());
    }

    [Fact]
    public void A_batch_is_split_as_its_streams_say()
    {
        var batch = Batch([("p", 1, October), ("q", 2, October), ("p", 3, October - 1), ("p", 4, October)]);

        var shares = SampleShare.Split(batch);

        Assert.Equal(batch.Streams(), shares.Select(s => s.Stream));
        Assert.Equal([[0, 3], [1], [2]], shares.Select(s => s.Indexes));
        Assert.All(shares, s => Assert.All(s.Indexes, i => Assert.Equal(s.Stream, batch.StreamOf(i))));
    }

    [Fact]
    public void A_batch_over_two_streams_is_two_leaves_in_the_order_of_its_samples_whatever_the_stores_order()
    {
        var batch = Batch([("q", 1, October), ("p", 2, October)]);
        StreamVersion[] versions = [new(batch.StreamOf(0), 4), new(batch.StreamOf(1), 7)];

        var leaves = CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), versions));

        Assert.Equal(leaves, CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), [versions[1], versions[0]])));
        Assert.Equal([4L, 7L], leaves.Select(l => l.Version));
        Assert.Equal(SampleShare.Split(batch)[1].Digest(), leaves[1].Payload);
    }

    [Fact]
    public void Samples_outside_of_the_events_streams_are_a_fault()
    {
        var batch = Batch([("q", 1, October)]);

        Assert.Throws<InvalidDataException>(() => CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), [new(StreamName.Parse("samples-p-2026-10")!.Value, 1)])));
        Assert.Throws<InvalidDataException>(() => CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), [])));
    }

    [Fact]
    public void Whatever_an_event_says_changes_its_leaf()
    {
        var stream = StreamName.Parse("alarm-1")!.Value;
        var e = CanonicalEvent.Of(Recorded(new EventBody.Json("{}"u8.ToArray()), [new(stream, 1)])).Single();
        CanonicalEvent[] others =
        [
            e with { Stream = StreamName.Parse("alarm-2")!.Value }, e with { Version = 2 }, e with { Id = Guid.NewGuid() }, e with { Type = "y" },
            e with { RecordedAt = e.RecordedAt + 1 }, e with { Content = CanonicalContent.Samples }, e with { Payload = Digest.Of("{ }"u8) },
            e with { Metadata = e.Metadata with { Source = "s" } }, e with { Metadata = e.Metadata with { Signer = "s" } },
            e with { Metadata = e.Metadata with { Signature = "s" } }, e with { Metadata = e.Metadata with { Correlation = "s" } },
            e with { Metadata = e.Metadata with { Causation = "s" } }, e with { Metadata = e.Metadata with { Causation = "" } },
        ];

        Assert.Equal(others.Length + 1, others.Prepend(e).Select(o => o.LeafHash()).Distinct().Count());
        Assert.Equal(MerkleTree.LeafHash(e.Encode()), e.LeafHash());
    }

    private static RecordedEvent Recorded(EventBody body, IReadOnlyList<StreamVersion> streams) =>
        new(9, EventId.FromName("e"u8), "x", body, streams, new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero), EventMetadata.None);

    private static SeriesKey Key(string project) => new("cpu", SampleType.Cumulative, "ns", "r1", project, null, "openstack");

    private static SampleBatch Batch((string Project, double Volume, long At)[] samples) => new(
        [.. samples.Select(s => Key(s.Project))], [.. samples.Select(s => s.At)], [.. samples.Select(s => s.Volume)], [.. samples.Select(_ => Metadata.Empty)]);

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
