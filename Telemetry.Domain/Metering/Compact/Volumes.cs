using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>Volumes as scaled integers: 3.25 is 325 with exponent 2. Every finite double comes back bit by bit.</summary>
/// <remarks>
/// First a byte a sample, the exponent or <see cref="Raw"/>; then the integers as zigzag varints, or the double itself where there is none.
/// Apart from the integers, the exponents of interleaved meters repeat and pack to nearly nothing.
/// </remarks>
internal static class Volumes
{
    /// <summary>In place of an exponent: eight bytes of IEEE 754 follow, little-endian. So do -0, subnormals and long fractions.</summary>
    private const byte Raw = 255;

    /// <summary>Integers below are exact in a double, and one division by an exact power of ten rounds as reading the decimal does.</summary>
    private const long MaxInteger = 1L << 53;

    private static readonly double[] Powers = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

    /// <exception cref="ArgumentException">A volume is not finite.</exception>
    public static void Write(ByteWriter block, ReadOnlySpan<double> volumes)
    {
        var bytes = block.Reserve(9 * volumes.Length);
        var exponents = bytes[..volumes.Length];
        var at = volumes.Length;
        for (var i = 0; i < volumes.Length; i++)
        {
            var volume = volumes[i];
            if (!double.IsFinite(volume))
                throw new ArgumentException($"Volume {volume} of sample {i} is not finite.", nameof(volumes));
            if (TryScale(volume, out exponents[i], out var integer))
            {
                at = ByteWriter.Put(bytes, at, ByteWriter.ZigZag(integer));
                continue;
            }
            exponents[i] = Raw;
            BinaryPrimitives.WriteDoubleLittleEndian(bytes[at..], volume);
            at += 8;
        }
        block.Advance(at);
    }

    public static double[] Read(ref ByteReader block, int count)
    {
        var exponents = block.Bytes(count);
        var volumes = GC.AllocateUninitializedArray<double>(count);
        var powers = Powers;
        for (var i = 0; i < volumes.Length; i++)
        {
            var exponent = exponents[i];
            if (exponent < powers.Length)
            {
                var integer = block.Signed();
                if (integer is > MaxInteger or < -MaxInteger)
                    throw block.Fault($"volume {integer} of sample {i} has more than 53 bits");
                volumes[i] = exponent == 0 ? integer : integer / powers[exponent];
                continue;
            }
            if (exponent != Raw)
                throw block.Fault($"exponent {exponent} of sample {i} is not known");
            volumes[i] = block.Double();
            if (!double.IsFinite(volumes[i]))
                throw block.Fault($"volume {volumes[i]} of sample {i} is not finite");
        }
        return volumes;
    }

    private static bool TryScale(double volume, out byte exponent, out long integer)
    {
        exponent = 0;
        integer = 0;
        if (!(Math.Abs(volume) < MaxInteger))
            return false;
        integer = (long)volume;
        if (Same(integer, volume))
            return true;
        for (exponent = 1; exponent < Powers.Length; exponent++)
        {
            var scaled = volume * Powers[exponent];
            if (!(Math.Abs(scaled) < MaxInteger))
                return false;
            var rounded = Math.Round(scaled);
            // A decimal lies within two roundings of an integer here; this spares most of the divisions.
            if (Math.Abs(scaled - rounded) > Math.Abs(scaled) * 4.5e-16)
                continue;
            integer = (long)rounded; // by way of the integer, so that -0 differs
            if (Same(integer / Powers[exponent], volume))
                return true;
        }
        return false;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Same(double a, double b) => BitConverter.DoubleToInt64Bits(a) == BitConverter.DoubleToInt64Bits(b);
}
