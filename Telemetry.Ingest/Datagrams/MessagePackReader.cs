using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Domain;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Turns MessagePack into the JSON that says the same, which all further code reads.</summary>
/// <remarks>
/// Text may come as <c>str</c>, as <c>bin</c>, or raw as senders of the older specification packed it: all of it is UTF-8. Floats stay
/// floats and integers integers, so that a signature over the message still holds; NaN and the infinities become what
/// <see cref="PythonJson"/> reads them as. Keys of maps are texts or integers. Extension types are refused.
/// Source: https://github.com/msgpack/msgpack/blob/master/spec.md
/// </remarks>
internal static class MessagePackReader
{
    public const int MaxDepth = PythonJson.MaxDepth;

    /// <summary>How many values one message may hold: a map of one byte an entry cannot make more than it has bytes.</summary>
    public const int MaxValues = 100_000;

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Reads exactly one value.</summary>
    /// <exception cref="MessagePackException">The bytes are cut off, too deep, too many, or something follows them.</exception>
    public static byte[] ToJson(ReadOnlySpan<byte> bytes)
    {
        var buffer = new ArrayBufferWriter<byte>(Math.Max(256, bytes.Length * 2));
        using var writer = new Utf8JsonWriter(buffer, Options);
        var cursor = new Cursor(bytes);
        Value(ref cursor, writer, 0);
        if (cursor.Left > 0)
            throw new MessagePackException($"{cursor.Left} bytes follow the message.");
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Value(ref Cursor cursor, Utf8JsonWriter writer, int depth)
    {
        if (depth > MaxDepth)
            throw new MessagePackException($"It is nested deeper than {MaxDepth} levels.");
        cursor.Count();
        var code = cursor.Byte();
        switch (code)
        {
            case <= 0x7f: writer.WriteNumberValue(code); break;
            case <= 0x8f: Map(ref cursor, writer, code & 0x0f, depth); break;
            case <= 0x9f: List(ref cursor, writer, code & 0x0f, depth); break;
            case <= 0xbf: writer.WriteStringValue(cursor.Text(code & 0x1f)); break;
            case 0xc0: writer.WriteNullValue(); break;
            case 0xc2: writer.WriteBooleanValue(false); break;
            case 0xc3: writer.WriteBooleanValue(true); break;
            case 0xc4 or 0xd9: writer.WriteStringValue(cursor.Text(cursor.Byte())); break;
            case 0xc5 or 0xda: writer.WriteStringValue(cursor.Text(cursor.UInt16())); break;
            case 0xc6 or 0xdb: writer.WriteStringValue(cursor.Text(cursor.UInt32())); break;
            case 0xca: Float(writer, BinaryPrimitives.ReadSingleBigEndian(cursor.Bytes(4))); break;
            case 0xcb: Float(writer, BinaryPrimitives.ReadDoubleBigEndian(cursor.Bytes(8))); break;
            case 0xcc or 0xcd or 0xce or 0xcf: writer.WriteNumberValue(cursor.Unsigned(code)); break;
            case 0xd0 or 0xd1 or 0xd2 or 0xd3: writer.WriteNumberValue(cursor.Signed(code)); break;
            case 0xdc: List(ref cursor, writer, cursor.UInt16(), depth); break;
            case 0xdd: List(ref cursor, writer, cursor.UInt32(), depth); break;
            case 0xde: Map(ref cursor, writer, cursor.UInt16(), depth); break;
            case 0xdf: Map(ref cursor, writer, cursor.UInt32(), depth); break;
            case >= 0xe0: writer.WriteNumberValue((sbyte)code); break;
            default: throw new MessagePackException($"Byte 0x{code:x2} begins no value that a message can hold.");
        }
    }

    private static void Map(ref Cursor cursor, Utf8JsonWriter writer, long count, int depth)
    {
        cursor.RefuseMoreThanThereIs(2 * count);
        writer.WriteStartObject();
        for (var i = 0L; i < count; i++)
        {
            writer.WritePropertyName(cursor.Key());
            Value(ref cursor, writer, depth + 1);
        }
        writer.WriteEndObject();
    }

    private static void List(ref Cursor cursor, Utf8JsonWriter writer, long count, int depth)
    {
        cursor.RefuseMoreThanThereIs(count);
        writer.WriteStartArray();
        for (var i = 0L; i < count; i++)
            Value(ref cursor, writer, depth + 1);
        writer.WriteEndArray();
    }

    private static void Float(Utf8JsonWriter writer, double value) => writer.WriteRawValue(PythonJson.Text(value), skipInputValidation: true);

    private ref struct Cursor(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;
        private int _values;

        public readonly int Left => _rest.Length;

        public void Count()
        {
            if (++_values > MaxValues)
                throw new MessagePackException($"It holds more than {MaxValues} values.");
        }

        // Before anything is done for them: a length is four bytes that cost a sender nothing.
        public readonly void RefuseMoreThanThereIs(long count)
        {
            if (count > _rest.Length)
                throw new MessagePackException($"It claims {count} values where {_rest.Length} bytes are left.");
        }

        public byte Byte() => Bytes(1)[0];

        public int UInt16() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

        public long UInt32() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

        public ulong Unsigned(byte code) => code switch
        {
            0xcc => Byte(),
            0xcd => (ulong)UInt16(),
            0xce => (ulong)UInt32(),
            _ => BinaryPrimitives.ReadUInt64BigEndian(Bytes(8)),
        };

        public long Signed(byte code) => code switch
        {
            0xd0 => (sbyte)Byte(),
            0xd1 => BinaryPrimitives.ReadInt16BigEndian(Bytes(2)),
            0xd2 => BinaryPrimitives.ReadInt32BigEndian(Bytes(4)),
            _ => BinaryPrimitives.ReadInt64BigEndian(Bytes(8)),
        };

        public ReadOnlySpan<byte> Bytes(long count)
        {
            if (count > _rest.Length)
                throw new MessagePackException($"It ends {count - _rest.Length} bytes too early.");
            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }

        public ReadOnlySpan<byte> Text(long length)
        {
            var text = Bytes(length);
            return System.Text.Unicode.Utf8.IsValid(text) ? text : throw new MessagePackException("A text is no UTF-8.");
        }

        public ReadOnlySpan<byte> Key()
        {
            Count();
            var code = Byte();
            return code switch
            {
                >= 0xa0 and <= 0xbf => Text(code & 0x1f),
                0xc4 or 0xd9 => Text(Byte()),
                0xc5 or 0xda => Text(UInt16()),
                0xc6 or 0xdb => Text(UInt32()),
                <= 0x7f => Encoding.ASCII.GetBytes($"{code}"),
                0xcc or 0xcd or 0xce or 0xcf => Encoding.ASCII.GetBytes($"{Unsigned(code)}"),
                0xd0 or 0xd1 or 0xd2 or 0xd3 => Encoding.ASCII.GetBytes($"{Signed(code)}"),
                >= 0xe0 => Encoding.ASCII.GetBytes($"{(sbyte)code}"),
                _ => throw new MessagePackException($"Byte 0x{code:x2} begins no key."),
            };
        }
    }
}
