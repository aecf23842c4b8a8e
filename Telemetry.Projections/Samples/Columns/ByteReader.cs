using System.Buffers.Binary;

namespace Telemetry.Projections.Samples.Columns;

/// <summary>Reads what <see cref="ByteBuffer"/> wrote.</summary>
/// <remarks>Every read past the end throws <see cref="InvalidDataException"/>: the bytes were damaged.</remarks>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _at;

    public readonly bool AtEnd => _at == _bytes.Length;

    public byte Byte() => _at < _bytes.Length ? _bytes[_at++] : throw Damaged();

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if ((uint)count > (uint)(_bytes.Length - _at))
            throw Damaged();
        _at += count;
        return _bytes.Slice(_at - count, count);
    }

    public ulong Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7f) << shift;
            if (b < 0x80)
                return value;
        }
        throw Damaged();
    }

    /// <summary>A varint that counts something that is in memory.</summary>
    public int Count(int max) => Varint() is var count && count <= (ulong)max ? (int)count : throw Damaged();

    public long Signed()
    {
        var value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public double Double() => BinaryPrimitives.ReadDoubleLittleEndian(Bytes(8));

    public static InvalidDataException Damaged() => new("A block of the read model is damaged.");
}
