using Telemetry.Domain.Metering;
using Telemetry.Projections.Samples;
using Telemetry.Projections.Samples.Columns;

namespace Telemetry.Projections.Tests.Samples;

public sealed class ColumnTests
{
    private static readonly double[] Odd =
        [0, -0.0, double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 1e-310, 0.1, 1e15 + 0.5, 9007199254740993, 1e300, -1.25];

    [Fact]
    public void Any_whole_numbers_come_back()
    {
        var random = new Random(1);
        for (var round = 0; round < 2_000; round++)
        {
            var shift = random.Next(64);
            var step = random.NextInt64() >> random.Next(64);
            var values = new long[1 + random.Next(300)];
            for (var i = 0; i < values.Length; i++)
                values[i] = unchecked((round % 3 == 0 ? i * step : 0) + (random.NextInt64(long.MinValue, long.MaxValue) >> shift));
            if (round % 50 == 0)
                (values[0], values[^1]) = (long.MinValue, long.MaxValue);
            var buffer = new ByteBuffer();
            IntegerColumn.Write(values, buffer);
            buffer.Byte(7);

            var reader = new ByteReader(buffer.Written);
            var back = new long[values.Length];
            IntegerColumn.Read(ref reader, back);
            Assert.Equal(values, back);
            Assert.Equal(7, reader.Byte());

            reader = new ByteReader(buffer.Written);
            IntegerColumn.Skip(ref reader, values.Length);
            Assert.Equal(7, reader.Byte());
        }
    }

    [Fact]
    public void Any_finite_volumes_come_back_bit_by_bit()
    {
        var random = new Random(2);
        for (var round = 0; round < 2_000; round++)
        {
            var values = new double[1 + random.Next(300)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (round % 4) switch
                {
                    0 => Math.Round(random.NextDouble() * 1e6, random.Next(12)),
                    1 => i * 1e9 + random.Next(1000),
                    2 => Finite(random),
                    _ => random.Next(40) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(100),
                };
            }
            var buffer = new ByteBuffer();
            DecimalColumn.Write(values, buffer);
            var reader = new ByteReader(buffer.Written);
            var back = new double[values.Length];
            DecimalColumn.Read(ref reader, back, new long[values.Length]);
            Assert.Equal(values.Select(BitConverter.DoubleToInt64Bits), back.Select(BitConverter.DoubleToInt64Bits));
            Assert.True(reader.AtEnd);
        }
    }

    [Fact]
    public void Every_column_of_a_block_is_read_with_and_without_the_others()
    {
        var random = new Random(3);
        for (var round = 0; round < 300; round++)
        {
            var points = RandomPoints(random);
            var buffer = new ByteBuffer();
            SampleBlock.Write(points, buffer);
            for (var wanted = PointColumns.Times; wanted <= PointColumns.All; wanted++)
            {
                var back = new Points();
                SampleBlock.Read(buffer.Written, wanted, back);
                Assert.Equal(points.Count, back.Count);
                var n = points.Count;
                if (wanted.HasFlag(PointColumns.Times))
                    Assert.Equal(points.Times[..n], back.Times[..n]);
                if (wanted.HasFlag(PointColumns.Volumes))
                    Assert.Equal(points.Volumes[..n], back.Volumes[..n]);
                if (wanted.HasFlag(PointColumns.Origins))
                    Assert.Equal(points.Origins[..n], back.Origins[..n]);
                if (wanted.HasFlag(PointColumns.Metadata))
                    Assert.Equal(points.Metadata[..n], back.Metadata[..n]);
            }
        }
    }

    [Fact]
    public void A_regular_counter_takes_two_and_a_half_bytes_a_sample()
    {
        var random = new Random(4);
        var points = new Points { Count = Points.Capacity };
        double counter = 0;
        for (var i = 0; i < points.Count; i++)
        {
            counter += random.Next(50_000);
            points.Times[i] = RandomSamples.Start + i * 60 * UnixMicroseconds.PerSecond;
            points.Volumes[i] = counter;
            points.Origins[i] = Origin.Of(1_000 + i * 10, 17);
            points.Metadata[i] = 3;
        }
        var buffer = new ByteBuffer();
        SampleBlock.Write(points, buffer);
        Assert.InRange(buffer.Length, 1, Points.Capacity * 5 / 2);
    }

    [Fact]
    public void Rollups_come_back()
    {
        var random = new Random(5);
        for (var round = 0; round < 300; round++)
        {
            var level = round % 2;
            var rollups = new Rollup[1 + random.Next(RollupBlock.Capacity)];
            for (var i = 0; i < rollups.Length; i++)
            {
                rollups[i].Bucket = random.Next(-1_000_000, 1_000_000);
                var start = rollups[i].Bucket * RollupLevels.Length(level);
                for (var n = random.Next(5); n >= 0; n--)
                    rollups[i].Add(start + random.NextInt64(RollupLevels.Length(level)), Finite(random) / 1e200, Origin.Of(random.Next(), n));
            }
            var buffer = new ByteBuffer();
            RollupBlock.Write(rollups, level, buffer);
            var back = new Rollup[Points.Capacity];
            Assert.Equal(rollups.Length, RollupBlock.Read(buffer.Written, level, back));
            Assert.Equal(rollups, back[..rollups.Length]);
        }
    }

    [Fact]
    public void Damaged_bytes_are_refused_or_read_as_something_and_never_read_beyond()
    {
        var random = new Random(6);
        for (var round = 0; round < 3_000; round++)
        {
            var buffer = new ByteBuffer();
            SampleBlock.Write(RandomPoints(random), buffer);
            var bytes = buffer.ToArray();
            bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var cut = bytes.AsSpan(0, random.Next(bytes.Length + 1));
            try
            {
                var points = new Points();
                SampleBlock.Read(cut, PointColumns.All, points);
                Assert.InRange(points.Count, 1, Points.Capacity);
            }
            catch (InvalidDataException e)
            {
                Assert.Contains("damaged", e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void A_filter_of_foreign_ids_holds_every_id_and_hardly_any_other()
    {
        var uuids = Enumerable.Range(0, 1_000).Select(_ => Guid.NewGuid()).ToArray();
        uuids[3] = Guid.Empty;
        var key = new SeriesKey("cpu", SampleType.Gauge, "%", "r", null, null, "s");
        var batch = new SampleBatch(
            Enumerable.Repeat(key, 1_000).ToArray(), new long[1_000], new double[1_000], Enumerable.Repeat(Metadata.Empty, 1_000).ToArray(),
            new MessageIds(uuids, new Dictionary<int, string> { [3] = "one of another kind" }));
        var filter = ForeignIds.FilterOf(batch)!;
        for (var i = 0; i < 1_000; i++)
            Assert.True(ForeignIds.MayHold(filter, ForeignIds.HashOf(batch.MessageIds![i]!)));
        var wrong = Enumerable.Range(0, 10_000).Count(_ => ForeignIds.MayHold(filter, ForeignIds.HashOf(Guid.NewGuid().ToString())));
        Assert.InRange(wrong, 0, 100);
    }

    private static Points RandomPoints(Random random)
    {
        var points = new Points { Count = 1 + random.Next(Points.Capacity) };
        var n = points.Count;
        for (var i = 0; i < n; i++)
        {
            points.Times[i] = random.Next(3) == 0 ? random.NextInt64(UnixMicroseconds.Min, UnixMicroseconds.Max) : random.Next(100) * UnixMicroseconds.PerSecond;
            points.Volumes[i] = random.Next(2) == 0 ? Finite(random) : random.Next(100);
            points.Origins[i] = Origin.Of(random.NextInt64(1, Origin.MaxPosition), random.Next(1 << 24));
            points.Metadata[i] = 1 + random.Next(3);
        }
        points.Times.AsSpan(0, n).Sort();
        return points;
    }

    private static double Finite(Random random)
    {
        while (true)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
                return value;
        }
    }
}
