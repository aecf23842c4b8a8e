using System.Text;

namespace Telemetry.Api.V2.Calls;

/// <summary>Reads a query string as it was sent, pairs in their order.</summary>
/// <remarks>ASP.NET's own reader groups by name and passes broken escapes and bytes that are no UTF-8 on as if they were text.</remarks>
internal static class QueryParameters
{
    public const int MaxLength = 64 * 1024;
    public const int MaxParameters = 1_000;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <param name="raw">With or without the question mark.</param>
    /// <exception cref="ApiException">414: too long. 400: too many parameters, a broken escape, no UTF-8.</exception>
    public static List<KeyValuePair<string, string>> Parse(string? raw)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        if (string.IsNullOrEmpty(raw))
            return pairs;
        if (raw.Length > MaxLength)
            throw new ApiException(StatusCodes.Status414UriTooLong, $"The query string has {raw.Length} characters; at most {MaxLength} are read.");
        var text = raw.AsSpan(raw[0] == '?' ? 1 : 0);
        foreach (var range in text.Split('&'))
        {
            var pair = text[range];
            if (pair.IsEmpty)
                continue;
            if (pairs.Count == MaxParameters)
                throw ApiException.BadRequest($"The query string has more than {MaxParameters} parameters.");
            var equals = pair.IndexOf('=');
            pairs.Add(equals < 0 ? new(Decode(pair), "") : new(Decode(pair[..equals]), Decode(pair[(equals + 1)..])));
        }
        return pairs;
    }

    private static string Decode(ReadOnlySpan<char> text)
    {
        if (text.IndexOfAny('%', '+') < 0 && Ascii.IsValid(text))
            return text.ToString();
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var count = 0;
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '+':
                    bytes[count++] = (byte)' ';
                    break;
                case '%':
                    if (i + 2 >= text.Length || !char.IsAsciiHexDigit(text[i + 1]) || !char.IsAsciiHexDigit(text[i + 2]))
                        throw ApiException.BadRequest($"The query string has a broken escape: '{text}'");
                    bytes[count++] = byte.Parse(text.Slice(i + 1, 2), System.Globalization.NumberStyles.HexNumber);
                    i += 2;
                    break;
                case < '\x80':
                    bytes[count++] = (byte)text[i];
                    break;
                default:
                    var end = i + 1;
                    while (end < text.Length && text[end] >= '\x80')
                        end++;
                    count += Encoding.UTF8.GetBytes(text[i..end], bytes.AsSpan(count));
                    i = end - 1;
                    break;
            }
        }
        try
        {
            return Strict.GetString(bytes, 0, count);
        }
        catch (DecoderFallbackException)
        {
            throw ApiException.BadRequest($"The query string is not UTF-8: '{text}'");
        }
    }
}
