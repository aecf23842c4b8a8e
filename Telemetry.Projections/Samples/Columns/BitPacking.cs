using System.Buffers.Binary;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Unsigned numbers of equal width, one after the other, the lowest bit first.</summary>
internal static class BitPacking
{
    // An 8-byte load at any bit offset below 8 holds 57 bits.
    private const int WidestLoad = 57;

    /// <summary>The bytes that packed numbers take.</summary>
    public static int Length(int count, int width) => width > WidestLoad
        ? Length(count, 32) + Length(count, width - 32)
        : (int)(((long)count * width + 7) / 8);

    /// <summary>Packs <c>value - least</c> of all values, modulo 2^64.</summary>
    public static void Pack(ReadOnlySpan<long> values, long least, int width, ByteBuffer into)
    {
        if (width > WidestLoad)
        {
            Pack(values, least, 0, 32, into.Append(Length(values.Length, 32)));
            Pack(values, least, 32, width - 32, into.Append(Length(values.Length, width - 32)));
        }
        else if (width > 0)
        {
            Pack(values, least, 0, width, into.Append(Length(values.Length, width)));
        }
    }

    /// <summary>Gives <c>least + packed number</c> of all numbers, modulo 2^64.</summary>
    public static void Unpack(ReadOnlySpan<byte> packed, long least, int width, Span<long> values)
    {
        if (width == 0)
        {
            values.Fill(least);
        }
        else if (width > WidestLoad)
        {
            var split = Length(values.Length, 32);
            Span<long> high = values.Length <= 256 ? stackalloc long[values.Length] : new long[values.Length];
            Unpack(packed[..split], 0, 32, values);
            Unpack(packed[split..], 0, width - 32, high);
            for (var i = 0; i < values.Length; i++)
                values[i] = unchecked((long)((ulong)high[i] << 32 | (ulong)values[i]) + least);
        }
        else
        {
            UnpackNarrow(packed, least, width, values);
        }
    }

    private static void Pack(ReadOnlySpan<long> values, long least, int shift, int width, Span<byte> into)
    {
        var mask = width == 64 ? ulong.MaxValue : (1UL << width) - 1;
        ulong pending = 0;
        int bits = 0, at = 0;
        foreach (var value in values)
        {
            var number = unchecked((ulong)(value - least)) >> shift & mask;
            pending |= number << bits;
            bits += width;
            if (bits >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(into[at..], pending);
                at += 8;
                bits -= 64;
                pending = bits == 0 ? 0 : number >> (width - bits);
            }
        }
        for (; bits > 0; bits -= 8, pending >>= 8)
            into[at++] = (byte)pending;
    }

    private static void UnpackNarrow(ReadOnlySpan<byte> packed, long least, int width, Span<long> values)
    {
        var mask = (1UL << width) - 1;
        var i = 0;
        long bit = 0;
        for (; i < values.Length && (int)(bit >> 3) + 8 <= packed.Length; i++, bit += width)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(packed[(int)(bit >> 3)..]);
            values[i] = unchecked((long)(word >> (int)(bit & 7) & mask) + least);
        }
        if (i == values.Length)
            return;
        Span<byte> end = stackalloc byte[16];
        var rest = (int)(bit >> 3);
        packed[rest..].CopyTo(end);
        for (; i < values.Length; i++, bit += width)
        {
            var word = BinaryPrimitives.ReadUInt64LittleEndian(end[((int)(bit >> 3) - rest)..]);
            values[i] = unchecked((long)(word >> (int)(bit & 7) & mask) + least);
        }
    }
}
