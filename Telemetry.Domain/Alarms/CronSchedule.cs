using System.Globalization;
using System.Numerics;

namespace Telemetry.Domain.Alarms;

/// <summary>A cron expression: minute, hour, day of the month, month, day of the week, and optionally second as the sixth column.</summary>
/// <remarks>
/// <c>*</c>, lists, ranges, steps and English names; 0 and 7 are Sunday. Where both days are restricted, either one matches. A start is looked
/// for day by day, on as many as the caller says: an expression such as the 30th of February has none.
/// </remarks>
public sealed class CronSchedule
{
    /// <summary>The most days that are looked at: a leap day comes back after at most eight years.</summary>
    private const int MaxDays = 8 * 366 + 1;

    /// <summary>A longer step leads out of every column.</summary>
    private const int MaxStep = 60;

    private static readonly string[] Months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    private static readonly string[] Days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private readonly ulong _minutes, _hours, _daysOfMonth, _months, _daysOfWeek, _seconds;
    private readonly bool _eitherDay;

    private CronSchedule(ulong minutes, ulong hours, ulong daysOfMonth, ulong months, ulong daysOfWeek, ulong seconds, bool eitherDay) =>
        (_minutes, _hours, _daysOfMonth, _months, _daysOfWeek, _seconds, _eitherDay) = (minutes, hours, daysOfMonth, months, daysOfWeek, seconds, eitherDay);

    /// <summary>Null where the text is no such expression; <paramref name="error"/> then says why.</summary>
    public static CronSchedule? Parse(string text, out string? error)
    {
        var columns = text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (text.Length > 256 || columns.Length is not (5 or 6))
        {
            error = "Exactly 5 or 6 columns has to be specified for iterator expression.";
            return null;
        }
        var second = columns.Length == 6 ? columns[5] : "0";
        if (Column(columns[0], 0, 59, []) is { } minutes && Column(columns[1], 0, 23, []) is { } hours && Column(columns[2], 1, 31, []) is { } days
            && Column(columns[3], 1, 12, Months) is { } months && Column(columns[4], 0, 7, Days) is { } weekdays && Column(second, 0, 59, []) is { } seconds)
        {
            error = null;
            weekdays = (weekdays | weekdays >> 7) & 0x7f;
            return new(minutes, hours, days, months, weekdays, seconds, eitherDay: columns[2][0] is not ('*' or '?') && columns[4][0] is not ('*' or '?'));
        }
        error = $"[{text}] is not acceptable";
        return null;
    }

    /// <summary>The last start at or before an instant, in the local time that the instant is in; null where there is none.</summary>
    /// <param name="days">How many days are looked at, that of the instant included; years of them at most.</param>
    public DateTime? AtOrBefore(DateTime local, int days)
    {
        var day = local.Date;
        for (var i = 0; i < Math.Min(days, MaxDays); i++, day = day.AddDays(-1))
        {
            if (Matches(day) && LastTime(i == 0 ? local.TimeOfDay : TimeSpan.FromDays(1) - TimeSpan.FromTicks(1)) is { } time)
                return day + time;
            if (day == DateTime.MinValue)
                break;
        }
        return null;
    }

    /// <summary>The first start after an instant; null where there is none.</summary>
    /// <param name="days">As of <see cref="AtOrBefore"/>.</param>
    public DateTime? After(DateTime local, int days)
    {
        var day = local.Date;
        for (var i = 0; i < Math.Min(days, MaxDays); i++, day = day.AddDays(1))
        {
            if (Matches(day) && FirstTime(i == 0 ? local.TimeOfDay : TimeSpan.FromTicks(-1)) is { } time)
                return day + time;
            if (day == DateTime.MaxValue.Date)
                break;
        }
        return null;
    }

    private bool Matches(DateTime day)
    {
        if (!Has(_months, day.Month))
            return false;
        var (ofMonth, ofWeek) = (Has(_daysOfMonth, day.Day), Has(_daysOfWeek, (int)day.DayOfWeek));
        return _eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
    }

    private TimeSpan? LastTime(TimeSpan limit)
    {
        for (var hour = Highest(_hours, limit.Hours); hour >= 0; hour = Highest(_hours, hour - 1))
        {
            for (var minute = Highest(_minutes, hour == limit.Hours ? limit.Minutes : 59); minute >= 0; minute = Highest(_minutes, minute - 1))
            {
                var second = Highest(_seconds, hour == limit.Hours && minute == limit.Minutes ? limit.Seconds : 59);
                if (second >= 0)
                    return new(hour, minute, second);
            }
        }
        return null;
    }

    private TimeSpan? FirstTime(TimeSpan after)
    {
        var from = after < TimeSpan.Zero ? TimeSpan.Zero : TimeSpan.FromSeconds(Math.Floor(after.TotalSeconds) + 1);
        if (from >= TimeSpan.FromDays(1))
            return null;
        for (var hour = Lowest(_hours, from.Hours); hour < 64; hour = Lowest(_hours, hour + 1))
        {
            for (var minute = Lowest(_minutes, hour == from.Hours ? from.Minutes : 0); minute < 64; minute = Lowest(_minutes, minute + 1))
            {
                var second = Lowest(_seconds, hour == from.Hours && minute == from.Minutes ? from.Seconds : 0);
                if (second < 64)
                    return new(hour, minute, second);
            }
        }
        return null;
    }

    private static bool Has(ulong set, int value) => (set >> value & 1) != 0;

    private static int Highest(ulong set, int limit) => limit < 0 ? -1 : 63 - BitOperations.LeadingZeroCount(set & ulong.MaxValue >> (63 - limit));

    private static int Lowest(ulong set, int from) => from > 63 ? 64 : BitOperations.TrailingZeroCount(set & ulong.MaxValue << from);

    private static ulong? Column(string text, int min, int max, string[] names)
    {
        ulong set = 0;
        foreach (var part in text.Split(','))
        {
            var (range, step) = part.Split('/') switch
            {
                [var all] => (all, 1),
                [var all, var by] when int.TryParse(by, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n > 0 => (all, Math.Min(n, MaxStep)),
                _ => ("", 0),
            };
            int from, to;
            if (range is "*" or "?")
            {
                (from, to) = (min, max);
            }
            else
            {
                var ends = range.Split('-');
                if (ends.Length > 2 || Number(ends[0], min, max, names) is not { } first || Number(ends[^1], min, max, names) is not { } last)
                    return null;
                (from, to) = (first, ends.Length == 1 && part.Contains('/') ? max : last);
            }
            // A range such as fri-mon goes round.
            for (var value = from; ; value += step)
            {
                if (from <= to ? value > to : value > to + max - min + 1)
                    break;
                set |= 1UL << (value > max ? value - (max - min + 1) : value);
            }
        }
        return set;
    }

    private static int? Number(string text, int min, int max, string[] names)
    {
        var name = Array.IndexOf(names, text.ToLowerInvariant());
        if (name >= 0)
            return name + (names.Length == 12 ? 1 : 0);
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max ? number : null;
    }
}
