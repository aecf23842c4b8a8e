using System.Runtime.CompilerServices;
using Telemetry.Domain.Metering;

namespace Telemetry.Ingest.Samples;

/// <summary>Reads ISO 8601 instants as Ceilometer's senders write them, without a string.</summary>
/// <remarks>
/// <c>YYYY-MM-DD</c>, then optionally <c>T</c> or a space and <c>HH:MM[:SS[.fraction]]</c>, then optionally <c>Z</c>, <c>±HH</c>,
/// <c>±HHMM</c> or <c>±HH:MM</c>. Without a zone it is UTC. Digits of the fraction after the sixth are dropped.
/// </remarks>
internal static class IsoTimestamp
{
    /// <param name="microseconds">Since 1970, UTC.</param>
    /// <param name="offsetMinutes">The zone as it was written, east positive; null where none was.</param>
    public static bool TryParse(ReadOnlySpan<byte> text, out long microseconds, out short? offsetMinutes)
    {
        microseconds = 0;
        offsetMinutes = null;
        if (text.Length < 10 || text[4] != '-' || text[7] != '-')
            return false;
        var bad = 0;
        var year = Two(text, 0, ref bad) * 100 + Two(text, 2, ref bad);
        var month = Two(text, 5, ref bad);
        var day = Two(text, 8, ref bad);
        if (bad != 0 || year < 1 || month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
            return false;

        long seconds = 0, fraction = 0;
        var rest = text[10..];
        if (!rest.IsEmpty && rest[0] is (byte)'T' or (byte)' ')
        {
            if (!TryTime(rest[1..], out seconds, out fraction, out var read))
                return false;
            rest = rest[(1 + read)..];
        }
        if (!rest.IsEmpty)
        {
            if (!TryZone(rest, out var minutes))
                return false;
            offsetMinutes = minutes;
            seconds -= minutes * 60L;
        }
        microseconds = (DaysSince1970(year, month, day) * 86_400 + seconds) * UnixMicroseconds.PerSecond + fraction;
        return microseconds >= UnixMicroseconds.Min && microseconds <= UnixMicroseconds.Max;
    }

    private static bool TryTime(ReadOnlySpan<byte> text, out long seconds, out long microseconds, out int read)
    {
        (seconds, microseconds, read) = (0, 0, 0);
        if (text.Length < 5 || text[2] != ':')
            return false;
        var bad = 0;
        var hour = Two(text, 0, ref bad);
        var minute = Two(text, 3, ref bad);
        var second = 0;
        read = 5;
        if (text.Length >= 8 && text[5] == ':')
        {
            second = Two(text, 6, ref bad);
            read = 8;
            if (text.Length > 8 && text[8] == '.')
            {
                var scale = 100_000;
                for (read = 9; read < text.Length && text[read] is >= (byte)'0' and <= (byte)'9'; read++, scale /= 10)
                    microseconds += (text[read] - '0') * scale;
                if (read == 9)
                    return false;
            }
        }
        seconds = (hour * 60L + minute) * 60 + second;
        return bad == 0 && hour < 24 && minute < 60 && second < 60;
    }

    private static bool TryZone(ReadOnlySpan<byte> text, out short minutes)
    {
        minutes = 0;
        if (text is [(byte)'Z'])
            return true;
        if (text[0] is not ((byte)'+' or (byte)'-') || text.Length is not (3 or 5 or 6) || (text.Length == 6 && text[3] != ':'))
            return false;
        var bad = 0;
        var hour = Two(text, 1, ref bad);
        var minute = text.Length == 3 ? 0 : Two(text, text.Length - 2, ref bad);
        if (bad != 0 || hour > 23 || minute > 59)
            return false;
        minutes = (short)((hour * 60 + minute) * (text[0] == '-' ? -1 : 1));
        return true;
    }

    /// <summary>Two digits; anything else sets a bit in <paramref name="bad"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Two(ReadOnlySpan<byte> text, int at, ref int bad)
    {
        var (tens, ones) = (text[at] - '0', text[at + 1] - '0');
        if ((uint)tens > 9 || (uint)ones > 9)
            bad = 1;
        return tens * 10 + ones;
    }

    // Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil; years here are at least 1.
    private static long DaysSince1970(int year, int month, int day)
    {
        var y = month <= 2 ? year - 1 : year;
        var era = y / 400;
        var yearOfEra = y - era * 400;
        var dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
        var dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
        return era * 146_097L + dayOfEra - 719_468;
    }
}
