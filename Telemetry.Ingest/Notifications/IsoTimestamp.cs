using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Notifications;

/// <summary>Reads instants in the ways in which OpenStack's services write them.</summary>
internal static partial class IsoTimestamp
{
    /// <summary>
    /// A date, with a time after <c>T</c> or a space, a fraction of any length (cut to microseconds) and a zone (<c>Z</c>, <c>+01</c>,
    /// <c>+0100</c>, <c>+01:00</c>); all after the date may be missing, no zone means UTC.
    /// </summary>
    /// <returns>Microseconds since 1970 (UTC), null where it is no such text.</returns>
    public static long? Parse(string text)
    {
        if (text.Length > 64 || Pattern().Match(text) is not { Success: true } m)
            return null;
        int Part(string name, int absent = 0) => m.Groups[name] is { Success: true } g ? int.Parse(g.ValueSpan, CultureInfo.InvariantCulture) : absent;
        var (year, month, day, hour, minute, second) = (Part("y"), Part("mo", 1), Part("d", 1), Part("h"), Part("mi"), Part("s"));
        if (year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
            return null;
        var fraction = m.Groups["f"].Success ? int.Parse(m.Groups["f"].Value.PadRight(6, '0').AsSpan(0, 6), CultureInfo.InvariantCulture) : 0;
        var offset = (Part("oh") * 60L + Part("om")) * 60 * UnixMicroseconds.PerSecond * (m.Groups["sign"].Value == "-" ? -1 : 1);
        var at = UnixMicroseconds.From(new DateTimeOffset(year, month, day, hour, minute, second, TimeSpan.Zero)) + fraction - offset;
        return at >= UnixMicroseconds.Min && at <= UnixMicroseconds.Max ? at : null;
    }

    [GeneratedRegex(
        @"\A\s*(?<y>\d{4})-?(?<mo>\d{2})-?(?<d>\d{2})([T ](?<h>\d{2})(:?(?<mi>\d{2})(:?(?<s>\d{2})([.,](?<f>\d{1,12}))?)?)?\s?(Z|UTC|(?<sign>[-+])(?<oh>\d{2}):?(?<om>\d{2})?)?)?\s*\z",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
