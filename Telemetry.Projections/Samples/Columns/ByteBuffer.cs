using System.Buffers.Binary;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Bytes that grow at their end, and the few forms in which columns write numbers.</summary>
internal sealed class ByteBuffer
{
    private byte[] _bytes = new byte[1024];

    public int Length { get; private set; }
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public byte[] ToArray() => Written.ToArray();

    /// <summary>Zeroed room for more bytes.</summary>
    public Span<byte> Append(int count)
    {
        if (Length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        var room = _bytes.AsSpan(Length, count);
        room.Clear();
        Length += count;
        return room;
    }

    public void Byte(byte value) => Append(1)[0] = value;

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Append(value.Length));

    /// <summary>Seven bits a byte, the lowest first (LEB128).</summary>
    public void Varint(ulong value)
    {
        while (value >= 0x80)
        {
            Byte((byte)(value | 0x80));
            value >>= 7;
        }
        Byte((byte)value);
    }

    /// <summary>A signed varint: small magnitudes are short.</summary>
    public void Signed(long value) => Varint((ulong)(value << 1) ^ (ulong)(value >> 63));

    public void Double(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Append(8), value);
}
