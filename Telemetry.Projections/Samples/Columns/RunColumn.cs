namespace Telemetry.Projections.Samples.Columns;

/// <summary>Small numbers that rarely change, as runs: how many runs, then of each the number and the length.</summary>
internal static class RunColumn
{
    public static void Write(ReadOnlySpan<int> values, ByteBuffer into)
    {
        var runs = 1;
        for (var i = 1; i < values.Length; i++)
        {
            if (values[i] != values[i - 1])
                runs++;
        }
        into.Varint((ulong)runs);
        var before = 0;
        for (var i = 0; i < values.Length;)
        {
            var end = i + 1;
            while (end < values.Length && values[end] == values[i])
                end++;
            into.Signed(values[i] - before);
            into.Varint((ulong)(end - i));
            before = values[i];
            i = end;
        }
    }

    public static void Read(ref ByteReader from, scoped Span<int> values)
    {
        var at = 0;
        var value = 0;
        for (var runs = from.Count(values.Length); runs > 0; runs--)
        {
            value += (int)from.Signed();
            var length = from.Count(values.Length - at);
            values.Slice(at, length).Fill(value);
            at += length;
        }
        if (at != values.Length)
            throw ByteReader.Damaged();
    }
}
