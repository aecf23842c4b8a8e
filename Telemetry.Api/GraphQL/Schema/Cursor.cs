using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.GraphQL.Schema;

/// <summary>A place in a sorted list: the sort keys' values there, and what tells items of equal keys apart.</summary>
/// <param name="Order">The order that it is a place in.</param>
/// <param name="Last">An id, or how many of equal keys came before.</param>
internal sealed record Cursor(string Order, IReadOnlyList<QueryValue> Values, string Last)
{
    private const int MaxLength = 8_192;

    /// <exception cref="Execution.GraphQLException">The text is no cursor of a list in this order.</exception>
    public static Cursor Parse(string text, string order, int count)
    {
        try
        {
            if (text.Length <= MaxLength && JsonSerializer.Deserialize<string[]>(Base64Url.DecodeFromChars(text)) is [var written, .. var values, { } last]
                && written == order && values.Length == count && values.Select(Read).ToArray() is var read && Array.TrueForAll(read, v => v is not null))
                return new(order, [.. read.Select(v => v!.Value)], last);
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            // Refused below.
        }
        throw Refused.BadInput($"\"{(text.Length > 100 ? text[..100] + "…" : text)}\" is no cursor of this list in this order.");
    }

    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes((string[])[Order, .. Values.Select(Write), Last]));

    private static string Write(QueryValue value) => value.Kind switch
    {
        ValueKind.Null => "n",
        ValueKind.Text => $"t{value.Text}",
        ValueKind.Float => string.Create(CultureInfo.InvariantCulture, $"f{value.Number:R}"),
        ValueKind.Boolean => $"b{value.Integer}",
        ValueKind.Integer => $"i{value.Integer}",
        _ => $"@{value.Integer}",
    };

    private static QueryValue? Read(string? text) => text switch
    {
        null or "" => null,
        "n" => QueryValue.Null,
        ['t', ..] => QueryValue.Of(text[1..]),
        ['f', ..] when double.TryParse(text.AsSpan(1), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => QueryValue.Of(number),
        ['b', ..] => QueryValue.Of(text == "b1"),
        ['i', ..] when Whole(text) is { } integer => QueryValue.Of(integer),
        ['@', ..] when Whole(text) is { } at => QueryValue.Instant(at),
        _ => null,
    };

    private static long? Whole(string text) => long.TryParse(text.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n : null;
}
