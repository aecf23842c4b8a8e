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

        var shape = "11000000" + Hex("samples-p-2026-10") + "01000000"
            + "01000000" + "03000000" + Hex("cpu") + "02" + "02000000" + Hex("ns") + "02000000" + Hex("r1") + "01000000" + Hex("p") + "ffffffff" + "09000000" + Hex("openstack") + "01000000"
            + "01000000" + "00000000" + "01000000";
        var metadata = "01000000" + "02000000" + Hex("{}") + "01000000";
        var values = "01000000" + "00a0cd18bc5c0600" + "01000000" + "000000000000f83f" + "00" + "00";
        var heading = Hex("telemetry/samples/v1\n");

        var share = SampleShare.Split(batch).Single();

        Assert.Equal(heading + Length(shape) + shape + Length(metadata) + metadata + values, Convert.ToHexStringLower(CanonicalSamples.Encode(share)));
        Assert.Equal(Digest.Of(Convert.FromHexString(heading + Sha256(shape) + Sha256(metadata) + values)), share.Digest());
    }

    [Fact]
    public void A_batch_has_the_same_digests_from_a_hasher_that_knows_batches_like_it()
    {
        var hasher = new EventHasher();
        var random = new Random(5);
        string[] projects = ["p", "q", "none"];
        var arrays = new Dictionary<int, SeriesKey[]>();
        for (var run = 0; run < 300; run++)
        {
            // Few kinds of batches, so that most were seen before, whole or in part; some lie over a month's end.
            var number = random.Next(6);
            var kind = new Random(number);
            var keys = Enumerable.Range(0, 12).Select(_ => new SeriesKey($"m{kind.Next(3)}", SampleType.Gauge, null, $"r{kind.Next(3)}", kind.Next(4) == 0 ? null : projects[kind.Next(3)], null, "s")).ToArray();
            var repeats = run % 2 == 0;
            if (repeats && !arrays.TryAdd(number, keys))
                keys = arrays[number];
            var at = October + random.Next(-1, 2);
            var batch = new SampleBatch(
                keys, [.. keys.Select(_ => at + (random.Next(3) == 0 ? 1 : 0))], [.. keys.Select(_ => random.NextDouble())],
                [.. keys.Select(_ => Metadata.Parse(Encoding.UTF8.GetBytes($$"""{"a":{{random.Next(8) / 7}}}""")))])
            {
                RepeatsSeries = repeats,
            };

            Assert.Equal(SampleShare.Split(batch).Select(s => s.Digest()), hasher.DigestsOf(batch));
        }
    }

    [Fact]
    public void What_was_encoded_is_decoded()
    {
        var batch = new SampleBatch(
            [Key("p"), Key("q"), Key("p"), Key("p"), new("m", SampleType.Gauge, null, "r", "p", "u", "s")], [October, October, October, October + 1, October + 1], [1, 2, 3, 4, 5],
            [Metadata.Empty, Metadata.Empty, Metadata.Parse("""{"a":1}"""u8), Metadata.Parse("""{"a":1}"""u8), Metadata.Empty],
            new MessageIds([Guid.Empty, Guid.Empty, Guid.Empty, Guid.Empty, Guid.Empty], new Dictionary<int, string> { [3] = "x" }), [.. new byte[159], 7]);

        var share = CanonicalSamples.Decode(CanonicalSamples.Encode(SampleShare.Split(batch)[0]));

        Assert.Equal("samples-p-2026-10", share.Stream);
        Assert.Equal([0, 2, 3, 4], share.Indexes);
        Assert.Equal([1.0, 3, 4, 5], share.Volumes);
        Assert.Equal(share.Indexes.Select(i => batch.Series[i]), share.Series);
        Assert.Equal(share.Indexes.Select(i => batch.Metadata[i]), share.Metadata);
        Assert.Equal(share.Indexes.Select(i => batch.Timestamps[i]), share.Timestamps);
        Assert.Equal(new[] { null, null, "x", null }, share.Ids);
        Assert.Equal(7, share.Signatures![^1]);
    }

    [Fact]
    public void Bytes_that_are_no_share_are_refused_whatever_they_claim()
    {
        var encoded = CanonicalSamples.Encode(SampleShare.Split(Batch([("p", 1, October), ("p", 2, October)])).Single());
        Random random = new(7);
        for (var run = 0; run < 2_000; run++)
        {
            var bytes = encoded[..(run % 2 == 0 ? encoded.Length : random.Next(encoded.Length))];
            bytes = [.. bytes];
            for (var n = 0; n < 3 && bytes.Length > 0; n++)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                CanonicalSamples.Decode(bytes);
                CanonicalSamples.DigestOf(bytes);
            }
            catch (FormatException)
            {
                // As it is documented.
            }
        }
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
        Assert.Equal([[0, 3], [1], [2]], shares.Select(s => s.Indexes.ToArray()));
        Assert.All(shares, s => Assert.All(s.Indexes, i => Assert.Equal(s.Stream, batch.StreamOf(i))));
    }

    [Fact]
    public void A_batch_over_two_streams_is_one_leaf_with_a_part_for_each_whatever_the_stores_order()
    {
        var batch = Batch([("q", 1, October), ("p", 2, October)]);
        StreamVersion[] versions = [new(batch.StreamOf(0), 4), new(batch.StreamOf(1), 7)];

        var leaf = CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), versions));

        Assert.Equal(leaf.Encode(), CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), [versions[1], versions[0]])).Encode());
        Assert.Equal([new(4, SampleShare.Split(batch)[0].Digest()), new(7, SampleShare.Split(batch)[1].Digest())], leaf.Parts);
        Assert.Equal(leaf.LeafHash(), new EventHasher().LeafHash(Recorded(new EventBody.Samples(batch), versions)));
    }

    [Fact]
    public void A_leaf_shows_no_stream_and_no_sample()
    {
        var batch = Batch([("project-q", 1, October), ("project-p", 2, October)]);

        var leaf = CanonicalEvent.Of(Recorded(new EventBody.Samples(batch), [new(batch.StreamOf(0), 4), new(batch.StreamOf(1), 7)])).Encode();

        Assert.DoesNotContain("project", Encoding.UTF8.GetString(leaf), StringComparison.Ordinal);
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
        var recorded = Recorded(new EventBody.Json("{}"u8.ToArray()), [new(stream, 1)]);
        RecordedEvent[] others =
        [
            recorded with { Streams = [new(StreamName.Parse("alarm-2")!.Value, 1)] }, recorded with { Streams = [new(stream, 2)] }, recorded with { Id = EventId.New() },
            recorded with { Type = "y" }, recorded with { RecordedAt = recorded.RecordedAt.AddMicroseconds(1) }, recorded with { Body = new EventBody.Json("{ }"u8.ToArray()) },
            .. new EventMetadata[] { new("s"), new(Signer: "s"), new(Signature: "s"), new(Correlation: "s"), new(Causation: "s"), new(Causation: "") }.Select(m => recorded with { Metadata = m }),
        ];

        Assert.Equal(others.Length + 1, others.Prepend(recorded).Select(new EventHasher().LeafHash).Distinct().Count());
        var leaf = CanonicalEvent.Of(recorded);
        Assert.Equal(leaf.Encode(), CanonicalEvent.Decode(leaf.Encode()).Encode());
        Assert.Equal(leaf.Parts[0].Digest, DecodedPart.Decode(CanonicalEvent.EncodeJson(stream, "{}"u8)).Digest);
    }

    private static RecordedEvent Recorded(EventBody body, IReadOnlyList<StreamVersion> streams) =>
        new(9, EventId.FromName("e"u8), "x", body, streams, new(2026, 10, 1, 0, 0, 0, TimeSpan.Zero), EventMetadata.None);

    private static SeriesKey Key(string project) => new("cpu", SampleType.Cumulative, "ns", "r1", project, null, "openstack");

    private static SampleBatch Batch((string Project, double Volume, long At)[] samples) => new(
        [.. samples.Select(s => Key(s.Project))], [.. samples.Select(s => s.At)], [.. samples.Select(s => s.Volume)], [.. samples.Select(_ => Metadata.Empty)]);

    private static string Length(string hex) => Convert.ToHexStringLower(BitConverter.GetBytes(hex.Length / 2));

    private static string Sha256(string hex) => Convert.ToHexStringLower(Digest.Of(Convert.FromHexString(hex)).ToArray());

    private static string Hex(string text) => Convert.ToHexStringLower(Encoding.UTF8.GetBytes(text));
}
