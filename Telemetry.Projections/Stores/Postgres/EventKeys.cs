using System.Buffers.Binary;
using System.Text;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Projections.Stores.Postgres;

/// <summary>Message ids and values of traits as bytes, which PostgreSQL compares one by one: values of one type have their order.</summary>
/// <remarks>Bytes and not text: a text of PostgreSQL's cannot hold U+0000.</remarks>
internal static class EventKeys
{
    private const byte Uuid = 0, Text = 1;

    /// <summary>A message id: a byte that says what follows, then 16 bytes of a UUID in its usual form, or text.</summary>
    public static byte[] Of(string messageId) => Guid.TryParseExact(messageId, "D", out var uuid) && uuid.ToString() == messageId
        ? [Uuid, .. uuid.ToByteArray(bigEndian: true)]
        : [Text, .. Encoding.UTF8.GetBytes(messageId)];

    public static string MessageId(byte[] key) => key[0] == Uuid ? new Guid(key.AsSpan(1), bigEndian: true).ToString() : Encoding.UTF8.GetString(key.AsSpan(1));

    /// <summary>Text as UTF-8; numbers and instants as eight bytes, NaN after all other numbers.</summary>
    public static byte[] Of(QueryValue value)
    {
        if (value.Kind == ValueKind.Text)
            return Encoding.UTF8.GetBytes(value.Text!);
        var bytes = new byte[8];
        var bits = value.Kind == ValueKind.Float ? BitConverter.DoubleToInt64Bits(double.IsNaN(value.Number) ? Positive(double.NaN) : value.Number + 0.0) : value.Integer;
        // The sign turned over puts what is negative first; a negative float's other bits go the other way.
        if (value.Kind == ValueKind.Float && bits < 0)
            bits ^= long.MaxValue;
        BinaryPrimitives.WriteInt64BigEndian(bytes, bits ^ long.MinValue);
        return bytes;
    }

    /// <exception cref="InvalidDataException">The bytes are no value of the type.</exception>
    public static QueryValue Value(byte[] key, TraitType type)
    {
        if (type == TraitType.Text)
            return QueryValue.Of(Encoding.UTF8.GetString(key));
        if (key.Length != 8)
            throw new InvalidDataException($"A trait of type {type} has a value of {key.Length} bytes.");
        var bits = BinaryPrimitives.ReadInt64BigEndian(key) ^ long.MinValue;
        return type switch
        {
            TraitType.Integer => QueryValue.Of(bits),
            TraitType.Float => QueryValue.Of(BitConverter.Int64BitsToDouble(bits < 0 ? bits ^ long.MaxValue : bits)),
            _ => QueryValue.Instant(bits),
        };
    }

    /// <summary>.NET's own NaN is a negative one, which would come first.</summary>
    private static double Positive(double nan) => BitConverter.Int64BitsToDouble(BitConverter.DoubleToInt64Bits(nan) & long.MaxValue);
}
