using System.Runtime.CompilerServices;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Floating-point numbers: as whole numbers times a power of ten where that loses nothing, as their bits otherwise.</summary>
/// <remarks>Counters and readings with a few decimals are what meters give; 1.7 bytes a sample against 4 by XOR (workload W).</remarks>
internal static class DecimalColumn
{
    private const byte Bits = 255;

    private static ReadOnlySpan<double> Powers => [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

    /// <param name="values">At least one.</param>
    public static void Write(ReadOnlySpan<double> values, ByteBuffer into)
    {
        Span<long> whole = values.Length <= 256 ? stackalloc long[values.Length] : new long[values.Length];
        var exponent = Scale(values, whole);
        into.Byte(exponent);
        if (exponent == Bits)
        {
            for (var i = 0; i < values.Length; i++)
                whole[i] = BitConverter.DoubleToInt64Bits(values[i]);
        }
        IntegerColumn.Write(whole, into);
    }

    /// <param name="scratch">Of the same length as the values.</param>
    public static void Read(ref ByteReader from, scoped Span<double> values, scoped Span<long> scratch)
    {
        var exponent = from.Byte();
        IntegerColumn.Read(ref from, scratch);
        if (exponent == Bits)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = BitConverter.Int64BitsToDouble(scratch[i]);
        }
        else if (exponent == 0)
        {
            for (var i = 0; i < values.Length; i++)
                values[i] = scratch[i];
        }
        else if (exponent < Powers.Length)
        {
            var power = Powers[exponent];
            for (var i = 0; i < values.Length; i++)
                values[i] = scratch[i] / power;
        }
        else
        {
            throw ByteReader.Damaged();
        }
    }

    public static void Skip(ref ByteReader from, int count)
    {
        from.Byte();
        IntegerColumn.Skip(ref from, count);
    }

    /// <summary>The smallest exponent by which all values become whole and come back bit by bit, <see cref="Bits"/> where there is none.</summary>
    private static byte Scale(ReadOnlySpan<double> values, Span<long> whole)
    {
        var exponent = 0;
        for (var i = 0; i < values.Length; i++)
        {
            while (!Fits(values[i], Powers[exponent], out whole[i]))
            {
                if (++exponent == Powers.Length)
                    return Bits;
                i = 0; // what fitted a smaller power may be too large for this one
            }
        }
        return (byte)exponent;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Fits(double value, double power, out long whole)
    {
        var scaled = Math.Round(value * power);
        if (!(Math.Abs(scaled) <= 1L << 53))
        {
            whole = 0;
            return false;
        }
        whole = (long)scaled;
        return BitConverter.DoubleToInt64Bits(whole / power) == BitConverter.DoubleToInt64Bits(value); // -0 is no whole number
    }
}
