using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>Writes the parts of a canonical encoding: numbers little-endian, texts as a length of 4 bytes and UTF-8.</summary>
/// <remarks>The buffer is rented and used again; dispose to give it back.</remarks>
internal sealed class CanonicalWriter : IDisposable
{
    private const uint Null = uint.MaxValue;

    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Raw(ReadOnlySpan<byte> bytes) => bytes.CopyTo(Take(bytes.Length));

    public void UInt8(byte value) => Take(1)[0] = value;

    public void UInt32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Take(4), value);

    public void Int64(long value) => BinaryPrimitives.WriteInt64LittleEndian(Take(8), value);

    /// <summary>A null is told from an empty text.</summary>
    public void Text(string? value)
    {
        if (value is null)
        {
            UInt32(Null);
            return;
        }
        var length = Encoding.UTF8.GetByteCount(value);
        UInt32((uint)length);
        Encoding.UTF8.GetBytes(value, Take(length));
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        Raw(value);
    }

    /// <summary>Room for a column of 4-byte numbers, to be filled in.</summary>
    public Span<uint> UInt32s(int count) => MemoryMarshal.Cast<byte, uint>(Take(4 * count));

    /// <summary>Room for a column of 8-byte numbers, to be filled in.</summary>
    public Span<long> Int64s(int count) => MemoryMarshal.Cast<byte, long>(Take(8 * count));

    /// <summary>Room for bytes, to be filled in.</summary>
    public Span<byte> Take(int count)
    {
        if (_buffer.Length - Length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * _buffer.Length, checked(Length + count)));
            Written.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        var taken = _buffer.AsSpan(Length, count);
        Length += count;
        return taken;
    }

    public void Dispose() => ArrayPool<byte>.Shared.Return(_buffer);
}
