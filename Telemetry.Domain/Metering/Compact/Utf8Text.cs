using System.Text;
using System.Text.Unicode;

namespace Telemetry.Domain.Metering.Compact;

/// <summary>Texts as a length in bytes and UTF-8, without replacing what is invalid.</summary>
internal static class Utf8Text
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <exception cref="ArgumentException">The text has half a surrogate pair.</exception>
    public static void Write(ByteWriter block, string text)
    {
        block.Varint((ulong)Strict.GetByteCount(text));
        block.Advance(Strict.GetBytes(text, block.Reserve(Strict.GetMaxByteCount(text.Length))));
    }

    /// <summary>The bytes of a text, known to be valid and no longer than allowed.</summary>
    /// <param name="maxLength">In UTF-16 code units.</param>
    public static ReadOnlySpan<byte> Read(ref ByteReader block, int maxLength)
    {
        var utf8 = block.Bytes(block.Count(3 * maxLength, "bytes in a text"));
        if (!Utf8.IsValid(utf8))
            throw block.Fault("a text is no valid UTF-8");
        if (utf8.Length > maxLength && Strict.GetCharCount(utf8) is var length && length > maxLength)
            throw block.Fault($"a text of {length} characters is longer than {maxLength}");
        return utf8;
    }
}
