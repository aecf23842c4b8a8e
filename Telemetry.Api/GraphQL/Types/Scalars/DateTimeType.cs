using System.Globalization;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>An instant by RFC 3339, always with an offset; written in UTC.</summary>
internal sealed class DateTimeType() : TextScalarType("DateTime")
{
    public static readonly DateTimeType Instance = new()
    {
        Description = "An instant by RFC 3339, with an offset: `2026-01-31T12:00:00Z`.",
        SpecifiedBy = "https://scalars.graphql.org/andimarek/date-time",
    };

    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mm:ssK"];

    protected override object? Parse(string text) =>
        HasOffset(text)
        && DateTimeOffset.TryParseExact(
            text.ToUpperInvariant(), Formats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var value)
            ? value.ToUniversalTime()
            : null;

    protected override string? Format(object value) => value switch
    {
        DateTimeOffset d => d.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateTime { Kind: DateTimeKind.Utc } d => d.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        _ => null,
    };

    private static bool HasOffset(string text) =>
        text.Length > 19 && (text[^1] is 'Z' or 'z' || (text[^3] == ':' && text[^6] is '+' or '-'));
}
