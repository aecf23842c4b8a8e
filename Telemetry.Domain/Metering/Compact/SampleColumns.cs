namespace Telemetry.Domain.Metering.Compact;

/// <summary>The columns of numbers: series, metadata, timestamps, volumes, in this order.</summary>
internal static class SampleColumns
{
    /// <summary>A series, the exponent of a volume and the volume take a byte each at least.</summary>
    public const int MinBytesPerSample = 3;

    // How timestamps are stored. A unit that divides all steps saves two to three bytes a sample over microseconds.
    private const byte AllEqual = 0;
    private static readonly long[] Units = [0, 1, 1_000, 1_000_000];

    /// <param name="Repeats">As <see cref="SampleBatch.RepeatsSeries"/>.</param>
    public readonly record struct Columns(SeriesKey[] Series, bool Repeats, Metadata[] Metadata, long[] Timestamps, double[] Volumes);

    public static void Write(ByteWriter block, SampleBatch batch, ISampleNumbers numbers)
    {
        if (batch.Count == 0)
            return;
        WriteSeries(block, batch, numbers);
        WriteMetadata(block, batch.Metadata, numbers);
        WriteTimestamps(block, batch.Timestamps);
        Volumes.Write(block, batch.Volumes);
    }

    public static Columns Read(ref ByteReader block, int count, ISampleCatalog catalog)
    {
        if (count == 0)
            return new Columns([], false, [], [], []);
        var column = block.Varints(count);
        var known = column.IsEmpty ? null : catalog.FindColumn(column);
        var series = known ?? ReadSeries(ref block, count, catalog);
        if (known is null)
            catalog.KeepColumn(column, series);
        else
            block.Bytes(column.Length);
        return new Columns(series, known is not null, ReadMetadata(ref block, count, catalog), ReadTimestamps(ref block, count), Volumes.Read(ref block, count));
    }

    private static void WriteSeries(ByteWriter block, SampleBatch batch, ISampleNumbers numbers)
    {
        var series = batch.Series;
        if (batch.RepeatsSeries && numbers.FindColumn(series) is { IsEmpty: false } known)
        {
            block.Bytes(known);
            return;
        }
        var bytes = block.Reserve(5 * series.Length);
        var at = 0;
        var previous = -1L;
        foreach (var key in series)
        {
            long id = numbers.IdOf(key);
            at = ByteWriter.Put(bytes, at, ByteWriter.ZigZag(id - previous - 1));
            previous = id;
        }
        if (batch.RepeatsSeries)
            numbers.KeepColumn(series, bytes[..at]);
        block.Advance(at);
    }

    private static SeriesKey[] ReadSeries(ref ByteReader block, int count, ISampleCatalog catalog)
    {
        var series = new SeriesKey[count];
        var id = -1L;
        for (var i = 0; i < series.Length; i++)
        {
            id = unchecked(id + 1 + block.Signed());
            series[i] = (id is >= 0 and <= int.MaxValue ? catalog.Series((int)id) : null) ?? throw block.Fault($"there is no series {id}");
        }
        return series;
    }

    // Runs: samples of one resource lie together and share their metadata.
    private static void WriteMetadata(ByteWriter block, Metadata[] metadata, ISampleNumbers numbers)
    {
        var runs = new List<(int Length, int Id)>();
        for (var (i, start) = (1, 0); i <= metadata.Length; i++)
        {
            if (i < metadata.Length && ReferenceEquals(metadata[i], metadata[start]))
                continue;
            runs.Add((i - start, numbers.IdOf(metadata[start])));
            start = i;
        }
        block.Varint((ulong)runs.Count);
        foreach (var run in runs)
            block.Varint((ulong)run.Length - 1);
        var previous = -1L;
        foreach (var run in runs)
        {
            block.Varint(ByteWriter.ZigZag(run.Id - previous - 1));
            previous = run.Id;
        }
    }

    private static Metadata[] ReadMetadata(ref ByteReader block, int count, ISampleCatalog catalog)
    {
        var lengths = new int[block.Count(Math.Min(count, block.Remaining / 2), "runs of metadata")];
        var left = count;
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = block.Count(left - 1, "samples in a run of metadata, less one,") + 1;
            left -= lengths[i];
        }
        if (left > 0)
            throw block.Fault($"{left} samples have no metadata");
        var metadata = new Metadata[count];
        var id = -1L;
        var start = 0;
        foreach (var length in lengths)
        {
            id = unchecked(id + 1 + block.Signed());
            var value = (id is >= 0 and <= int.MaxValue ? catalog.Metadata((int)id) : null) ?? throw block.Fault($"there is no metadata {id}");
            metadata.AsSpan(start, length).Fill(value);
            start += length;
        }
        return metadata;
    }

    private static void WriteTimestamps(ByteWriter block, long[] timestamps)
    {
        var unit = UnitOf(timestamps);
        block.Byte(unit);
        block.Varint(ByteWriter.ZigZag(timestamps[0]));
        if (unit == AllEqual)
            return;
        var bytes = block.Reserve(ByteWriter.MaxVarintBytes * timestamps.Length);
        var at = 0;
        for (var i = 1; i < timestamps.Length; i++)
            at = ByteWriter.Put(bytes, at, ByteWriter.ZigZag((timestamps[i] - timestamps[i - 1]) / Units[unit]));
        block.Advance(at);
    }

    private static byte UnitOf(long[] timestamps)
    {
        var unit = AllEqual;
        for (var i = 0; i < timestamps.Length; i++)
        {
            var at = timestamps[i];
            if (at < UnixMicroseconds.Min || at > UnixMicroseconds.Max)
                throw new ArgumentException($"Timestamp {at} of sample {i} is out of range.", nameof(timestamps));
            var step = i == 0 ? 0 : at - timestamps[i - 1];
            if (step == 0 || unit == 1)
                continue;
            var divisible = step % Units[3] == 0 ? (byte)3 : step % Units[2] == 0 ? (byte)2 : (byte)1;
            unit = unit == AllEqual ? divisible : Math.Min(unit, divisible);
        }
        return unit;
    }

    private static long[] ReadTimestamps(ref ByteReader block, int count)
    {
        var unit = block.Byte();
        if (unit >= Units.Length)
            throw block.Fault($"unit {unit} of timestamps is not known");
        var timestamps = GC.AllocateUninitializedArray<long>(count);
        var at = block.Signed();
        for (var i = 0; ;)
        {
            if (at < UnixMicroseconds.Min || at > UnixMicroseconds.Max)
                throw block.Fault($"timestamp {at} of sample {i} is out of range");
            timestamps[i] = at;
            if (unit == AllEqual)
            {
                Array.Fill(timestamps, at);
                return timestamps;
            }
            if (++i == count)
                return timestamps;
            at = unchecked(at + block.Signed() * Units[unit]);
        }
    }
}
