using System.Globalization;

namespace Telemetry.Domain.Metering;

/// <summary>An instant as whole microseconds since 1970-01-01T00:00:00Z: the precision that Ceilometer stores.</summary>
public static class UnixMicroseconds
{
    public const long PerSecond = 1_000_000;
    public const long PerHour = 3_600 * PerSecond;
    public const long PerDay = 24 * PerHour;

    /// <summary>0001-01-01T00:00:00Z, the earliest instant that can be written.</summary>
    public static readonly long Min = From(DateTimeOffset.MinValue);

    /// <summary>9999-12-31T23:59:59.999999Z, the latest.</summary>
    public static readonly long Max = From(DateTimeOffset.MaxValue);

    public static long From(DateTimeOffset at) => Math.DivRem(at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks, 10).Quotient;

    /// <exception cref="ArgumentOutOfRangeException">Outside of <see cref="Min"/> to <see cref="Max"/>.</exception>
    public static DateTimeOffset ToDateTimeOffset(long microseconds) => new(ToDateTime(microseconds), TimeSpan.Zero);

    /// <summary>The same instant as a UTC <see cref="DateTime"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Outside of <see cref="Min"/> to <see cref="Max"/>.</exception>
    public static DateTime ToDateTime(long microseconds) => DateTime.UnixEpoch.AddTicks(checked(microseconds * 10));

    /// <summary>As Ceilometer prints it: naive UTC, <c>YYYY-MM-DDTHH:MM:SS</c>, six digits of fraction unless they are zero.</summary>
    public static string Format(long microseconds)
    {
        var at = ToDateTime(microseconds);
        return at.ToString(at.Ticks % TimeSpan.TicksPerSecond == 0 ? "yyyy-MM-ddTHH:mm:ss" : "yyyy-MM-ddTHH:mm:ss.ffffff", CultureInfo.InvariantCulture);
    }
}
