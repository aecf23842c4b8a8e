using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Domain.Audit;

/// <summary>Reads what <see cref="CanonicalWriter"/> writes, out of bytes that nobody vouches for.</summary>
internal ref struct CanonicalReader(ReadOnlySpan<byte> bytes)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ReadOnlySpan<byte> _rest = bytes;

    public ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
            throw new FormatException($"{count} bytes are wanted where {_rest.Length} are left.");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public void Expect(ReadOnlySpan<byte> heading)
    {
        if (!_rest.StartsWith(heading))
            throw new FormatException($"The bytes do not begin with '{Encoding.UTF8.GetString(heading).TrimEnd()}'.");
        Take(heading.Length);
    }

    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly void ExpectEnd()
    {
        if (_rest.Length > 0)
            throw new FormatException($"{_rest.Length} bytes follow after the end.");
    }

    public byte UInt8() => Take(1)[0];

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

    /// <summary>A number of things of which each takes some bytes at least; more than fit are a fault.</summary>
    public int Count(int bytesEach)
    {
        var count = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        return count <= _rest.Length / bytesEach ? (int)count : throw new FormatException($"{count} entries are more than {_rest.Length} bytes hold.");
    }

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Bytes after their length.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count(1));

    public string? Text()
    {
        var length = BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
        if (length == uint.MaxValue)
            return null;
        if (length > _rest.Length)
            throw new FormatException($"A text of {length} bytes is longer than what is left.");
        try
        {
            return Strict.GetString(Take((int)length));
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("A text is not UTF-8.", e);
        }
    }

    public string RequiredText() => Text() ?? throw new FormatException("A text is null that may not be.");
}
