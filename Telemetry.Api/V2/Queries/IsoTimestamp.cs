using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Queries;

/// <summary>An ISO 8601 timestamp as clients write it in queries: a date, and unless it is midnight a time and a zone.</summary>
/// <param name="Naive">What is written, without regard to the zone: microseconds since 1970.</param>
/// <param name="Utc">The instant meant, where the zone counts.</param>
internal readonly partial record struct IsoTimestamp(long Naive, long Utc)
{
    private const int MaxLength = 64;

    /// <summary>Null where it is no timestamp.</summary>
    public static IsoTimestamp? Parse(string? text)
    {
        if (text is null || text.Length > MaxLength || Pattern().Match(text) is not { Success: true } match)
            return null;
        int Part(string name) => match.Groups[name] is { Success: true } group ? int.Parse(group.ValueSpan, CultureInfo.InvariantCulture) : 0;
        try
        {
            var at = new DateTime(Part("year"), Part("month"), Part("day"), Part("hour"), Part("minute"), Part("second"), DateTimeKind.Utc);
            var fraction = match.Groups["fraction"].Value;
            var naive = UnixMicroseconds.From(at) + (fraction.Length == 0 ? 0 : long.Parse(fraction.Length > 6 ? fraction[..6] : fraction.PadRight(6, '0')));
            var offset = (Part("zoneHour") * 60 + Part("zoneMinute")) * 60 * UnixMicroseconds.PerSecond;
            return new(naive, match.Groups["sign"].Value == "-" ? naive + offset : naive - offset);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null; // there is no such day or hour
        }
    }

    // A plus that was not escaped arrives as a blank.
    [GeneratedRegex("""
        ^\s*(?<year>[0-9]{4})-?(?<month>[0-9]{2})-?(?<day>[0-9]{2})
        ([T ](?<hour>[0-9]{2})(:?(?<minute>[0-9]{2})(:?(?<second>[0-9]{2})([.,](?<fraction>[0-9]+))?)?)?
        (Z|(?<sign>[-+\ ])(?<zoneHour>[0-9]{2})(:?(?<zoneMinute>[0-9]{2}))?)?)?\s*$
        """, RegexOptions.IgnorePatternWhitespace | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
