using System.Numerics;
using System.Runtime.InteropServices;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Whole numbers in as few bits as their range, or the range of their steps, needs (frame of reference).</summary>
/// <remarks>
/// A byte with the width in bits (0 to 64) and, as its highest bit, whether steps are packed; the first number, where steps are; the
/// least number or step; the packed differences from it. All arithmetic is modulo 2^64, so that any numbers fit. A column of
/// equal numbers, or of equal steps, takes a few bytes whatever its length.
/// </remarks>
internal static class IntegerColumn
{
    private const byte Steps = 0x80;

    /// <param name="values">At least one.</param>
    public static void Write(ReadOnlySpan<long> values, ByteBuffer into)
    {
        var (least, most) = RangeOf(values);
        Span<long> steps = values.Length <= 256 ? stackalloc long[values.Length] : new long[values.Length];
        steps = steps[1..];
        Subtract(values[1..], values[..^1], steps);
        var (leastStep, mostStep) = RangeOf(steps);
        var width = Width(least, most);
        if (values.Length == 1 || Width(leastStep, mostStep) >= width)
        {
            into.Byte((byte)width);
            into.Signed(least);
            BitPacking.Pack(values, least, width, into);
            return;
        }
        width = Width(leastStep, mostStep);
        into.Byte((byte)(Steps | width));
        into.Signed(values[0]);
        into.Signed(leastStep);
        BitPacking.Pack(steps, leastStep, width, into);
    }

    public static void Read(ref ByteReader from, scoped Span<long> values)
    {
        var mode = from.Byte();
        var width = mode & ~Steps;
        if (width > 64)
            throw ByteReader.Damaged();
        if ((mode & Steps) == 0)
        {
            var least = from.Signed();
            BitPacking.Unpack(from.Bytes(BitPacking.Length(values.Length, width)), least, width, values);
            return;
        }
        var value = from.Signed();
        var leastStep = from.Signed();
        var packed = from.Bytes(BitPacking.Length(values.Length - 1, width));
        values[0] = value;
        if (width == 0)
        {
            for (var i = 1; i < values.Length; i++)
                values[i] = value = unchecked(value + leastStep);
            return;
        }
        BitPacking.Unpack(packed, leastStep, width, values[1..]);
        for (var i = 1; i < values.Length; i++)
            values[i] = value = unchecked(value + values[i]);
    }

    public static void Skip(ref ByteReader from, int count)
    {
        var mode = from.Byte();
        var width = mode & ~Steps;
        if (width > 64)
            throw ByteReader.Damaged();
        from.Signed();
        if ((mode & Steps) != 0)
            from.Signed();
        from.Bytes(BitPacking.Length((mode & Steps) == 0 ? count : count - 1, width));
    }

    /// <summary>The least and the greatest number; of none, the greatest and the least there are.</summary>
    private static (long Least, long Most) RangeOf(ReadOnlySpan<long> values)
    {
        var (least, most) = (long.MaxValue, long.MinValue);
        var vectors = MemoryMarshal.Cast<long, Vector<long>>(values);
        if (vectors.Length > 0)
        {
            var (low, high) = (vectors[0], vectors[0]);
            foreach (var vector in vectors[1..])
                (low, high) = (Vector.Min(low, vector), Vector.Max(high, vector));
            for (var i = 0; i < Vector<long>.Count; i++)
                (least, most) = (Math.Min(least, low[i]), Math.Max(most, high[i]));
        }
        foreach (var value in values[(vectors.Length * Vector<long>.Count)..])
            (least, most) = (Math.Min(least, value), Math.Max(most, value));
        return (least, most);
    }

    private static void Subtract(ReadOnlySpan<long> from, ReadOnlySpan<long> values, Span<long> differences)
    {
        var i = 0;
        for (; i <= differences.Length - Vector<long>.Count; i += Vector<long>.Count)
            (new Vector<long>(from[i..]) - new Vector<long>(values[i..])).CopyTo(differences[i..]);
        for (; i < differences.Length; i++)
            differences[i] = unchecked(from[i] - values[i]);
    }

    private static int Width(long least, long most) => 64 - BitOperations.LeadingZeroCount(unchecked((ulong)(most - least)));
}
