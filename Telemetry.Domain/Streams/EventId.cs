using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Telemetry.Domain.Streams;

/// <summary>The id of an event: a UUID (version 8) whose last five bytes are kept free to number its parts and samples.</summary>
/// <remarks>
/// 82 bits tell events apart. Bytes 11 and 12 number the event's share of a stream where one append touches several, bytes 13 to 15
/// number a sample within the event; both are zero in the event's own id. So a sample's id leads back to its event without an index.
/// </remarks>
public readonly record struct EventId
{
    public const int MaxIndex = (1 << 24) - 1;
    public const int MaxPart = (1 << 16) - 2;

    private EventId(Guid value) => Value = value;

    /// <summary>The UUID in its textual byte order.</summary>
    public Guid Value { get; }

    /// <summary>A new random id.</summary>
    public static EventId New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return Of(bytes);
    }

    /// <summary>The id that a name always gives: the same request sent twice is one event.</summary>
    /// <param name="name">Whatever makes the request what it is, such as its caller and its idempotency key.</param>
    public static EventId FromName(ReadOnlySpan<byte> name)
    {
        Span<byte> hash = stackalloc byte[32];
        SHA256.HashData(name, hash);
        return Of(hash[..16]);
    }

    /// <summary>The event that an id belongs to, be it of a sample, of a share or of the event itself.</summary>
    public static EventId Containing(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        bytes[11..].Clear();
        return new(new Guid(bytes, bigEndian: true));
    }

    /// <summary>The number of the sample that an id names, 0 in the id of an event or share.</summary>
    public static int IndexOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return bytes[13] << 16 | bytes[14] << 8 | bytes[15];
    }

    /// <summary>Which of its event's streams the id of a share names, from 0; -1 in the event's own id.</summary>
    public static int PartOf(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadUInt16BigEndian(bytes[11..]) - 1;
    }

    /// <summary>The id of the n-th sample of this event, from 0.</summary>
    public Guid Sample(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index, MaxIndex);
        Span<byte> bytes = stackalloc byte[16];
        Value.TryWriteBytes(bytes, bigEndian: true, out _);
        (bytes[13], bytes[14], bytes[15]) = ((byte)(index >> 16), (byte)(index >> 8), (byte)index);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>The id of this event's share of the n-th stream it was appended to, from 0.</summary>
    public Guid Share(int part)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(part);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(part, MaxPart);
        Span<byte> bytes = stackalloc byte[16];
        Value.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[11..], (ushort)(part + 1));
        return new Guid(bytes, bigEndian: true);
    }

    public override string ToString() => Value.ToString();

    private static EventId Of(Span<byte> bytes)
    {
        bytes[6] = (byte)(bytes[6] & 0x0f | 0x80); // version 8: the layout is ours (RFC 9562, 5.8)
        bytes[8] = (byte)(bytes[8] & 0x3f | 0x80);
        bytes[11..].Clear();
        return new(new Guid(bytes, bigEndian: true));
    }
}
