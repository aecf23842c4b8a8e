using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>Reads bytes and varints, refusing to go beyond the end.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes, string part)
{
    private const ulong HighBits = 0x8080_8080_8080_8080;

    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly int Remaining => _bytes.Length - _at;

    /// <summary>What was not read yet.</summary>
    public readonly ReadOnlySpan<byte> Rest => _bytes[_at..];

    public byte Byte() => (uint)_at < (uint)_bytes.Length ? _bytes[_at++] : throw Fault("it ends too early");

    public ReadOnlySpan<byte> Bytes(int length)
    {
        if (length > Remaining)
            throw Fault($"{length} bytes should follow, only {Remaining} do");
        var value = _bytes.Slice(_at, length);
        _at += length;
        return value;
    }

    /// <summary>The bytes of the next varints, which stay to be read; empty where they are not all there.</summary>
    public readonly ReadOnlySpan<byte> Varints(int count)
    {
        var rest = Rest;
        for (var i = 0; i < rest.Length; i++)
        {
            if (rest[i] < 0x80 && --count == 0)
                return rest[..(i + 1)];
        }
        return default;
    }

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong Varint()
    {
        if ((uint)_at < (uint)_bytes.Length && _bytes[_at] is < 0x80 and var value)
        {
            _at++;
            return value;
        }
        return LongVarint();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>A varint that counts something, at most <paramref name="max"/>.</summary>
    public int Count(int max, string what)
    {
        var value = Varint();
        return max >= 0 && value <= (ulong)max ? (int)value : throw Fault($"{value} {what} are more than {Math.Max(max, 0)}");
    }

    public readonly void End()
    {
        if (Remaining > 0)
            throw Fault($"{Remaining} bytes follow its end");
    }

    public readonly SampleFormatException Fault(string reason, Exception? cause = null) => new(part, _at, reason, cause);

    private ulong LongVarint()
    {
        ulong value = 0;
        if (Bmi2.X64.IsSupported && Remaining >= 8)
        {
            var bytes = BinaryPrimitives.ReadUInt64LittleEndian(_bytes[_at..]);
            if ((~bytes & HighBits) is not 0 and var ends)
            {
                var bits = BitOperations.TrailingZeroCount(ends) + 1;
                _at += bits / 8;
                return Bmi2.X64.ParallelBitExtract(bytes & ulong.MaxValue >> (64 - bits), ~HighBits);
            }
        }
        for (var shift = 0; shift < 64; shift += 7)
        {
            var b = Byte();
            if (shift == 63 && b > 1)
                throw Fault("a varint has more than 64 bits");
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
        throw Fault("a varint has more than 10 bytes");
    }
}
