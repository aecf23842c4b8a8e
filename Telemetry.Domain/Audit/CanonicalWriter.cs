using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>Writes the parts of a canonical encoding: numbers little-endian, texts as a length of 4 bytes and UTF-8.</summary>
internal sealed class CanonicalWriter(int capacity = 4096)
{
    private const uint Null = uint.MaxValue;

    private byte[] _buffer = new byte[capacity];

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

    /// <summary>A UUID as text: 36 characters, lower case.</summary>
    public void Text(Guid uuid)
    {
        UInt32(36);
        uuid.TryFormat(Take(36), out _);
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        UInt32((uint)value.Length);
        Raw(value);
    }

    public void Digest(in Digest value) => value.CopyTo(Take(Audit.Digest.Length));

    /// <summary>Room for a number of 4 bytes that is not known yet.</summary>
    /// <returns>Its place, for <see cref="Fill"/>.</returns>
    public int Reserve()
    {
        Take(sizeof(uint));
        return Length - sizeof(uint);
    }

    public void Fill(int place, int value) => BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(place), (uint)value);

    /// <summary>Room for a column of 8-byte numbers, to be filled in.</summary>
    public Span<double> Doubles(int count) => MemoryMarshal.Cast<byte, double>(Take(sizeof(double) * count));

    /// <summary>Room for bytes, to be filled in.</summary>
    public Span<byte> Take(int count)
    {
        if (_buffer.Length - Length < count)
            Array.Resize(ref _buffer, Math.Max(2 * _buffer.Length, checked(Length + count)));
        var taken = _buffer.AsSpan(Length, count);
        Length += count;
        return taken;
    }
}
