using System.Globalization;
using System.Text.RegularExpressions;

namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A length of time by ISO 8601. Months and days are the calendar's: how long they are depends on when and where.</summary>
/// <param name="Months">Years count as twelve.</param>
/// <param name="Days">Weeks count as seven.</param>
/// <param name="Time">Hours and less.</param>
internal readonly partial record struct CalendarDuration(int Months, int Days, TimeSpan Time)
{
    /// <summary>As a fixed length with days of 24 hours; null where there are months.</summary>
    public TimeSpan? AsTimeSpan() => Months == 0 ? Time + TimeSpan.FromDays(Days) : null;

    /// <summary>Null where the text is no duration, or one too long to count. No sign; a fraction only on seconds, of seven digits at most.</summary>
    public static CalendarDuration? TryParse(string text)
    {
        if (text.Length > 64 || Pattern().Match(text) is not { Success: true } match)
            return null;
        try
        {
            checked
            {
                var months = (Number(match, "y") * 12) + Number(match, "mo");
                var days = (Number(match, "w") * 7) + Number(match, "d");
                var time = (Number(match, "h") * TimeSpan.TicksPerHour) + (Number(match, "mi") * TimeSpan.TicksPerMinute)
                    + (long)((match.Groups["s"].Success ? decimal.Parse(match.Groups["s"].Value, CultureInfo.InvariantCulture) : 0) * TimeSpan.TicksPerSecond);
                return days <= TimeSpan.MaxValue.Days - 1 && months <= 12 * 9999 && time <= TimeSpan.MaxValue.Ticks - (days * TimeSpan.TicksPerDay)
                    ? new((int)months, (int)days, new(time))
                    : null;
            }
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    public override string ToString()
    {
        var date = (Months, Days) switch
        {
            (0, 0) => "",
            (0, _) => $"{Days}D",
            _ => (Months >= 12 ? $"{Months / 12}Y" : "") + (Months % 12 > 0 ? $"{Months % 12}M" : "") + (Days > 0 ? $"{Days}D" : ""),
        };
        var hours = (long)Time.TotalHours;
        var seconds = (Time.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        var time = (hours > 0 ? $"{hours}H" : "") + (Time.Minutes > 0 ? $"{Time.Minutes}M" : "")
            + (seconds > 0 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#######}S") : "");
        return (date, time) switch { ("", "") => "PT0S", (_, "") => $"P{date}", _ => $"P{date}T{time}" };
    }

    private static long Number(Match match, string group) =>
        match.Groups[group].Success ? long.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex(
        @"^P(?=[0-9T])((?<y>[0-9]+)Y)?((?<mo>[0-9]+)M)?((?<w>[0-9]+)W)?((?<d>[0-9]+)D)?(T(?=[0-9])((?<h>[0-9]+)H)?((?<mi>[0-9]+)M)?((?<s>[0-9]+(\.[0-9]{1,7})?)S)?)?$",
        RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}
