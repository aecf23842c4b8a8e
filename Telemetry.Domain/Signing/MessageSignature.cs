using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Telemetry.Domain.Signing;

/// <summary>The HMAC-SHA256 by which Ceilometer's agents sign each sample and each telemetry event.</summary>
/// <remarks>
/// The text that is hashed is made by <see cref="SignedText"/>. Source: compute_signature and verify_signature in
/// ceilometer/publisher/utils.py, as of Python 3.
/// </remarks>
public static class MessageSignature
{
    /// <summary>The key under which a message carries its own signature; it is not part of what is signed.</summary>
    public const string Field = "message_signature";

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>The signature in lower-case hex; empty where the first secret is empty or there is none.</summary>
    /// <param name="message">A JSON object.</param>
    /// <exception cref="JsonException">A text of the message is no valid Unicode.</exception>
    public static string Compute(JsonElement message, SigningSecrets secrets)
    {
        if (secrets.SignsNothing)
            return "";
        Span<byte> hash = stackalloc byte[32];
        using var text = SignedText.Of(message);
        secrets.Sign(text.Utf8, hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Whether the message's signature was made with one of the secrets; compared in constant time.</summary>
    /// <remarks>A missing signature counts as an empty one, which no secret gives; one that is no text is wrong.</remarks>
    /// <param name="message">A JSON object.</param>
    public static bool Verify(JsonElement message, SigningSecrets secrets)
    {
        if (secrets.AcceptsAll)
            return true;
        Span<byte> claimed = stackalloc byte[32];
        if (!message.TryGetProperty(Field, out var signature) || !TryReadHex(signature, claimed))
            return false;
        try
        {
            using var text = SignedText.Of(message);
            return secrets.Signed(text.Utf8, claimed);
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Whether a signature was made with one of the secrets over a text that is known already; compared in constant time.</summary>
    /// <param name="text">What <see cref="TextOf"/> gives, part by part.</param>
    /// <param name="claimed">The signature's text.</param>
    public static bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> claimed, SigningSecrets secrets)
    {
        Span<byte> signature = stackalloc byte[32];
        return secrets.AcceptsAll || (TryReadHex(claimed, signature) && secrets.Signed(text, signature));
    }

    /// <summary>The text that is signed of an object's property.</summary>
    /// <exception cref="JsonException">A text is no valid Unicode.</exception>
    public static byte[] TextOf(string name, JsonElement value)
    {
        using var text = SignedText.Of(name, value);
        return text.Utf8.ToArray();
    }

    /// <summary>Whether a JSON number stands there as Python prints it.</summary>
    public static bool IsPrintedByPython(ReadOnlySpan<byte> number) => SignedText.IsPrintedByPython(number);

    /// <summary>The 32 bytes of a signature's text, null where it is not 64 lower-case hexadecimal digits.</summary>
    public static byte[]? Bytes(JsonElement signature)
    {
        var bytes = new byte[32];
        return TryReadHex(signature, bytes) ? bytes : null;
    }

    private static bool TryReadHex(JsonElement signature, Span<byte> bytes)
    {
        if (signature.ValueKind != JsonValueKind.String)
            return false;
        var text = JsonMarshal.GetRawUtf8Value(signature);
        return TryReadHex(text[1..^1], bytes); // without its quotes
    }

    private static bool TryReadHex(ReadOnlySpan<byte> text, Span<byte> bytes) =>
        text.Length == 2 * bytes.Length && !text.ContainsAnyExcept(HexDigits) && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
}
