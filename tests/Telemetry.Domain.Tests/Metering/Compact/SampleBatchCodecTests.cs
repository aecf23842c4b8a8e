using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Metering.Compact;

namespace Telemetry.Domain.Tests.Metering.Compact;

public sealed class SampleBatchCodecTests
{
    private static readonly Config Quiet = Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(300);

    [Fact]
    public void Any_batch_comes_back_from_the_self_contained_form() => Check.One(Quiet, Prop.ForAll(Batches.Any.ToArbitrary(), batch =>
        Batches.Equal(batch, SampleBatchCodec.Decode(Encode(batch)))));

    [Fact]
    public void Any_batch_comes_back_from_the_log_form_and_shares_the_catalogues_objects() => Check.One(Quiet, Prop.ForAll(Batches.Any.ToArbitrary(), batch =>
    {
        var catalog = new ListCatalog(first: 70_000);
        var read = SampleBatchCodec.DecodeFromLog(EncodeForLog(batch, catalog), catalog);
        Batches.Equal(batch, read);
        Assert.All(read.Series, series => Assert.Same(catalog.Series(catalog.IdOf(series)), series));
        Assert.All(read.Metadata, metadata => Assert.Same(catalog.Metadata(catalog.IdOf(metadata)), metadata));
    }));

    [Fact]
    public void A_referring_batch_is_neither_read_without_its_dictionary_nor_out_of_a_log()
    {
        var output = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(One(), output, DictionaryForm.Referred);

        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(output.WrittenSpan));
        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.DecodeFromLog(output.WrittenSpan, new ListCatalog()));
    }

    [Fact]
    public void A_named_batch_is_read_like_any_other()
    {
        var output = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(Many(3), output, DictionaryForm.Named);

        Batches.Equal(Many(3), SampleBatchCodec.Decode(output.WrittenSpan));
    }

    [Fact]
    public void A_log_can_hold_the_self_contained_form() =>
        Batches.Equal(One(), SampleBatchCodec.DecodeFromLog(Encode(One()), new ListCatalog()));

    [Fact]
    public void Equal_series_and_metadata_of_a_batch_are_the_same_objects()
    {
        var batch = SampleBatchCodec.Decode(Encode(Many(3)));

        Assert.Same(batch.Series[0], batch.Series[2]);
        Assert.Same(batch.Metadata[0], batch.Metadata[2]);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_volume_that_is_not_finite_is_refused(double volume)
    {
        var batch = new SampleBatch([Key()], [0], [volume], [Metadata.Empty]);

        var error = Assert.Throws<ArgumentException>(() => Encode(batch));
        Assert.Contains("of sample 0 is not finite", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_timestamp_beyond_the_calendar_is_refused()
    {
        var batch = new SampleBatch([Key(), Key()], [0, UnixMicroseconds.Max + 1], [1, 1], [Metadata.Empty, Metadata.Empty]);

        var error = Assert.Throws<ArgumentException>(() => Encode(batch));
        Assert.Contains("of sample 1 is out of range", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_is_refused() =>
        Assert.ThrowsAny<ArgumentException>(() => Encode(new SampleBatch([Key("\ud800")], [0], [1], [Metadata.Empty])));

    [Fact]
    public void A_batch_of_polled_samples_takes_less_than_five_bytes_a_sample()
    {
        // A hundred resources with ten meters: counters, percentages and constants, one poll.
        var random = new Random(1);
        var series = Enumerable.Range(0, 1_000).Select(i => Key($"meter-{i % 10}", $"resource-{i / 10}")).ToArray();
        var volumes = series.Select((_, i) => (i % 10) switch { < 5 => random.Next(1_000_000_000), < 8 => random.Next(10_000) / 100.0, _ => 4 }).ToArray();
        var metadata = Enumerable.Range(0, 100).Select(r => Metadata.Parse(Encoding.UTF8.GetBytes($$"""{"host":"{{r}}"}"""))).ToArray();
        var batch = new SampleBatch(series, [.. series.Select(_ => 1_767_225_600_000_000)], volumes, [.. series.Select((_, i) => metadata[i / 10])]);

        Assert.InRange(EncodeForLog(batch, new ListCatalog()).Length, 1_000, 4_500);
    }

    [Fact]
    public void More_samples_than_allowed_are_refused()
    {
        var error = Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(Encode(Many(11)), new SampleBatchLimits(MaxCount: 10)));
        Assert.Equal("No batch of samples: 11 samples are more than 10 (byte 3 of the body).", error.Message);
    }

    [Fact]
    public void A_packed_block_that_would_unpack_to_more_than_allowed_is_refused()
    {
        var error = Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(Encode(Many(1_000)), new SampleBatchLimits(MaxBlockBytes: 100)));
        Assert.Contains("bytes in the block are more than 100", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Metadata_larger_than_allowed_is_refused() => Assert.Contains("bytes of metadata are more than 5",
        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(Encode(One()), new SampleBatchLimits(MaxMetadataBytes: 5))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void A_head_that_promises_more_than_follows_is_refused_before_memory_is_taken()
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        // Version, self-contained and packed, a million samples, 64 MB unpacked, 3 bytes packed.
        byte[] bytes = [1, 3, 0xc0, 0x84, 0x3d, 0x80, 0x80, 0x80, 0x20, 3, 1, 2, 3];

        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(bytes, new SampleBatchLimits(MaxBlockBytes: 1 << 20)));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var bytes = Encode(One());
        for (var length = 0; length < bytes.Length; length++)
            Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void Bytes_after_the_end_are_refused() => Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode([.. Encode(One()), 0]));

    [Fact]
    public void The_log_form_is_refused_where_a_dictionary_is_needed() =>
        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.Decode(EncodeForLog(One(), new ListCatalog())));

    [Fact]
    public void A_number_that_the_catalogue_does_not_have_is_refused() => Assert.Contains("there is no series 5",
        Assert.Throws<SampleFormatException>(() => SampleBatchCodec.DecodeFromLog(EncodeForLog(One(), new ListCatalog(5)), new ListCatalog())).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Random_bytes_give_the_format_error_or_a_batch()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = new byte[random.Next(120)];
            random.NextBytes(bytes);
            if (bytes.Length > 2 && i % 4 > 0)
                (bytes[0], bytes[1], bytes[2]) = (1, (byte)random.Next(32), (byte)random.Next(8));
            if (bytes.Length > 3 && i % 4 > 1)
                bytes[3] = (byte)random.Next(bytes.Length);
            DecodeOrRefuse(bytes);
        }
    }

    [Fact]
    public void Changed_bytes_give_the_format_error_or_a_batch()
    {
        var random = new Random(8);
        var packed = Encode(Many(200));
        var plain = Unpacked(Many(3));
        for (var i = 0; i < 20_000; i++)
        {
            var bytes = (i % 2 == 0 ? packed : plain).ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            DecodeOrRefuse(bytes);
        }
    }

    /// <summary>The body with its block as it is before packing, so that changes reach every field.</summary>
    internal static byte[] Unpacked(SampleBatch batch)
    {
        var block = SampleBatchCodec.Unpack(Encode(batch));
        var head = new ByteWriter();
        head.Bytes([1, 1, (byte)batch.Count]);
        head.Varint((ulong)block.Length);
        return [.. head.Written, .. block];
    }

    [Fact]
    public void A_writer_need_not_pack() => Batches.Equal(Many(3), SampleBatchCodec.Decode(Unpacked(Many(3))));

    private static void DecodeOrRefuse(byte[] bytes)
    {
        try
        {
            var batch = SampleBatchCodec.Decode(bytes, new SampleBatchLimits(MaxCount: 1_000, MaxBlockBytes: 1 << 20));
            Assert.All(batch.Volumes, volume => Assert.True(double.IsFinite(volume)));
            Assert.All(batch.Timestamps, at => Assert.InRange(at, UnixMicroseconds.Min, UnixMicroseconds.Max));
        }
        catch (SampleFormatException e)
        {
            Assert.InRange(e.Offset, 0, 1 << 20);
        }
    }

    private static byte[] Encode(SampleBatch batch)
    {
        var output = new ArrayBufferWriter<byte>();
        SampleBatchCodec.Encode(batch, output);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] EncodeForLog(SampleBatch batch, ISampleNumbers catalog)
    {
        var output = new ArrayBufferWriter<byte>();
        SampleBatchCodec.EncodeForLog(batch, catalog, output);
        return output.WrittenSpan.ToArray();
    }

    private static SeriesKey Key(string meter = "cpu", string resource = "vm") => new(meter, SampleType.Gauge, "%", resource, "p", null, "openstack");

    private static SampleBatch One() => Many(1);

    private static SampleBatch Many(int count)
    {
        var range = Enumerable.Range(0, count);
        return new SampleBatch([.. range.Select(_ => Key())], [.. range.Select(i => 1_000L * i)], [.. range.Select(i => i / 4.0)],
            [.. range.Select(_ => Metadata.Parse("""{"host":"compute-1"}"""u8))]);
    }
}
