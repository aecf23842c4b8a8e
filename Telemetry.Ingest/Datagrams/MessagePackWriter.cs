using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Telemetry.Domain;
using Telemetry.Ingest.Definitions.Paths;

namespace Telemetry.Ingest.Datagrams;

/// <summary>Turns JSON into the MessagePack that says the same, with text as <c>str</c> and every number in its shortest form.</summary>
internal static class MessagePackWriter
{
    /// <exception cref="JsonException">An integer lies outside of what 64 bits hold, or a text is no valid Unicode.</exception>
    public static byte[] FromJson(JsonElement value)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        Write(buffer, value);
        return buffer.WrittenSpan.ToArray();
    }

    private static void Write(ArrayBufferWriter<byte> to, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                Length(to, value.GetPropertyCount(), 0x80, 16, 0xde, 0xdf);
                foreach (var property in value.EnumerateObject())
                {
                    Text(to, property.Name);
                    Write(to, property.Value);
                }
                break;
            case JsonValueKind.Array:
                Length(to, value.GetArrayLength(), 0x90, 16, 0xdc, 0xdd);
                foreach (var item in value.EnumerateArray())
                    Write(to, item);
                break;
            case JsonValueKind.String:
                Text(to, value.GetString()!);
                break;
            case JsonValueKind.Number:
                Number(to, value);
                break;
            default:
                to.Write<byte>([value.ValueKind switch { JsonValueKind.True => 0xc3, JsonValueKind.False => 0xc2, _ => 0xc0 }]);
                break;
        }
    }

    private static void Text(ArrayBufferWriter<byte> to, string text)
    {
        var utf8 = Encoding.UTF8.GetBytes(text);
        if (utf8.Length is >= 32 and < 256)
            to.Write<byte>([0xd9, (byte)utf8.Length]);
        else
            Length(to, utf8.Length, 0xa0, 32, 0xda, 0xdb);
        to.Write<byte>(utf8);
    }

    private static void Length(ArrayBufferWriter<byte> to, int length, byte small, int smallEnd, byte code16, byte code32)
    {
        if (length < smallEnd)
            to.Write<byte>([(byte)(small | length)]);
        else if (length <= ushort.MaxValue)
            BigEndian(to, code16, (ulong)length, 2);
        else
            BigEndian(to, code32, (ulong)length, 4);
    }

    private static void Number(ArrayBufferWriter<byte> to, JsonElement value)
    {
        if (!JsonValues.IsInteger(value, out var integer))
        {
            if (value.TryGetUInt64(out var large))
                BigEndian(to, 0xcf, large, 8);
            else if (value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0)
                throw new JsonException($"{value.GetRawText()} has more than 64 bits.");
            else
                BigEndian(to, 0xcb, BitConverter.DoubleToUInt64Bits(PythonJson.Double(value)), 8);
            return;
        }
        switch (integer)
        {
            case >= -32 and <= 127: to.Write<byte>([(byte)integer]); break;
            case >= 0 and <= byte.MaxValue: BigEndian(to, 0xcc, (ulong)integer, 1); break;
            case >= 0 and <= ushort.MaxValue: BigEndian(to, 0xcd, (ulong)integer, 2); break;
            case >= 0 and <= uint.MaxValue: BigEndian(to, 0xce, (ulong)integer, 4); break;
            case >= 0: BigEndian(to, 0xcf, (ulong)integer, 8); break;
            case >= sbyte.MinValue: BigEndian(to, 0xd0, (ulong)integer, 1); break;
            case >= short.MinValue: BigEndian(to, 0xd1, (ulong)integer, 2); break;
            case >= int.MinValue: BigEndian(to, 0xd2, (ulong)integer, 4); break;
            default: BigEndian(to, 0xd3, (ulong)integer, 8); break;
        }
    }

    private static void BigEndian(ArrayBufferWriter<byte> to, byte code, ulong value, int bytes)
    {
        Span<byte> all = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(all, value);
        to.Write<byte>([code]);
        to.Write<byte>(all[(8 - bytes)..]);
    }
}
