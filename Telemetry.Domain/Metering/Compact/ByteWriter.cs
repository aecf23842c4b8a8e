using System.Buffers;
using System.Runtime.CompilerServices;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>Writes bytes and varints into pooled memory that grows.</summary>
internal sealed class ByteWriter : IDisposable
{
    public const int MaxVarintBytes = 10;

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(16 << 10);
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>Room for so many bytes; <see cref="Advance"/> says how many were used.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_bytes.Length - _length < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Math.Max((long)_length + length, 2L * _length), Array.MaxLength));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsSpan(_length);
    }

    public void Advance(int length) => _length += length;

    public void Byte(byte value)
    {
        Reserve(1)[0] = value;
        _length++;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(Reserve(value.Length));
        _length += value.Length;
    }

    public void Varint(ulong value) => _length += Put(Reserve(MaxVarintBytes), 0, value);

    /// <summary>Puts a varint (LEB128: seven bits a byte, the lowest first) and gives the place after it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Put(Span<byte> bytes, int at, ulong value)
    {
        while (value >= 0x80)
        {
            bytes[at++] = (byte)(value | 0x80);
            value >>= 7;
        }
        bytes[at++] = (byte)value;
        return at;
    }

    /// <summary>Small numbers of either sign as small numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 …</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong ZigZag(long value) => (ulong)(value << 1 ^ value >> 63);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
    }
}
