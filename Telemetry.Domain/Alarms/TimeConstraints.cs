namespace Telemetry.Domain.Alarms;

/// <summary>Whether an alarm's time constraints let it be evaluated.</summary>
public static class TimeConstraints
{
    /// <summary>A window opens this long before its start: precision of a minute, as Aodh has it.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(60);

    /// <summary>True without constraints, or where any one matches.</summary>
    public static bool Allow(IReadOnlyList<TimeConstraint>? constraints, DateTimeOffset now)
    {
        if (constraints is null or [])
            return true;
        foreach (var constraint in constraints)
        {
            if (Matches(constraint, now))
                return true;
        }
        return false;
    }

    /// <summary>The zone of a name; UTC for the empty one, null for one that is not known.</summary>
    public static TimeZoneInfo? FindZone(string name)
    {
        if (name.Length == 0)
            return TimeZoneInfo.Utc;
        return name.Length <= 64 && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
    }

    private static bool Matches(TimeConstraint constraint, DateTimeOffset now)
    {
        if (CronSchedule.Parse(constraint.Start, out _) is not { } schedule || FindZone(constraint.TimeZone) is not { } zone)
            return false;
        var local = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        // A start that lies longer back than the window lasts does not matter: a thousand constraints that never match must not cost years of days each.
        var days = constraint.DurationSeconds / 86_400 + 3; // two more: the day that has begun, and clocks that are put forward
        var start = schedule.AtOrBefore(local, days);
        // A start that the clock skipped comes after its local time: it may be ahead still.
        if (start is { } skipped && Instant(skipped, zone) is var ahead && ahead > now)
        {
            if (ahead - now < Early)
                return true;
            start = schedule.AtOrBefore(skipped.AddTicks(-1), days);
        }
        return (start is { } last && now <= Instant(last, zone).AddSeconds(constraint.DurationSeconds))
            || (schedule.After(local, days: 2) is { } next && Instant(next, zone) - now < Early);
    }

    /// <summary>A local time as an instant; one that the clock skips is when the clock has skipped it.</summary>
    private static DateTimeOffset Instant(DateTime local, TimeZoneInfo zone)
    {
        var offset = zone.IsInvalidTime(local) ? zone.GetUtcOffset(local.AddHours(-1)) : zone.GetUtcOffset(local);
        return new DateTimeOffset(local.Ticks - offset.Ticks, TimeSpan.Zero);
    }
}
