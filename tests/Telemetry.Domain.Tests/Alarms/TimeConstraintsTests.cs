using System.Globalization;
using Telemetry.Domain.Alarms;

namespace Telemetry.Domain.Tests.Alarms;

public sealed class TimeConstraintsTests
{
    [Theory]
    // start; duration; zone; now (UTC); evaluated
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T11:00:00", true)] // now is a start
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T14:00:00", true)] // the end counts
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T14:00:01", false)]
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T10:59:00", false)] // exactly a minute ahead
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T10:59:01", true)]
    [InlineData("0 11 * * *", 10800, "", "2026-11-20T10:00:00", false)]
    [InlineData("* * * * *", 0, "", "2026-11-20T10:00:17", true)] // always
    [InlineData("0 22 * * *", 28800, "", "2026-11-21T05:59:59", true)] // over midnight
    [InlineData("0 22 * * *", 28800, "", "2026-11-21T06:00:01", false)]
    [InlineData("0 11 31 * *", 60, "", "2026-10-31T11:00:30", true)]
    [InlineData("0 0 1 1 *", 60, "", "2026-11-20T00:00:00", false)]
    [InlineData("0 0 29 2 *", 60, "", "2028-02-29T00:00:30", true)]
    [InlineData("0 0 30 2 *", 86400, "", "2026-11-20T00:00:00", false)] // never
    [InlineData("0 0 13 * fri", 60, "", "2026-11-13T00:00:00", true)]
    [InlineData("0 0 13 * fri", 60, "", "2026-11-20T00:00:00", true)] // either day
    [InlineData("0 0 13 * fri", 60, "", "2026-11-21T00:00:00", false)]
    [InlineData("0 0 * * 7", 60, "", "2026-11-22T00:00:00", true)] // 7 is Sunday
    [InlineData("*/15 9-17 * * mon-fri", 60, "", "2026-11-20T17:45:30", true)]
    [InlineData("*/15 9-17 * * mon-fri", 60, "", "2026-11-20T18:00:30", false)]
    [InlineData("0 12 * * * 30", 5, "", "2026-11-20T12:00:33", true)] // with seconds
    [InlineData("0 12 * * * 30", 5, "", "2026-11-20T12:00:36", false)]
    [InlineData("0 0 1 1 *", 31_536_000, "", "2026-11-20T00:00:00", true)] // a window of a year
    [InlineData("0 0 1 1 *", 2_147_483_647, "", "2026-11-20T00:00:00", true)]
    [InlineData("0 0 1 1 *", 27_907_199, "", "2026-11-20T00:00:00", false)] // a second less than from New Year
    [InlineData("0 0 1 1 *", 27_907_200, "", "2026-11-20T00:00:00", true)]
    [InlineData("59 12 * * * 59/2147483647", 0, "", "2026-11-20T12:59:59", true)]
    [InlineData("0 12 * * * 59/2147483647", 0, "", "2026-11-20T12:01:58", false)] // the step leads out of the column, and not back into it
    [InlineData("0 11 * * *", 3600, "Europe/Ljubljana", "2026-11-20T10:30:00", true)] // winter: an hour ahead
    [InlineData("0 11 * * *", 3600, "Europe/Ljubljana", "2026-11-20T11:30:00", false)]
    [InlineData("0 11 * * *", 3600, "Europe/Ljubljana", "2026-07-20T09:30:00", true)] // summer: two
    [InlineData("0 22 * * *", 28800, "America/New_York", "2026-11-21T03:30:00", true)]
    [InlineData("30 2 * * *", 600, "Europe/Berlin", "2026-03-29T01:05:00", false)] // a start that the clock skips comes after it has
    [InlineData("30 2 * * *", 600, "Europe/Berlin", "2026-03-29T01:35:00", true)]
    public void An_alarm_is_evaluated_within_its_windows_and_a_minute_before(string start, int duration, string zone, string now, bool evaluated) =>
        Assert.Equal(evaluated, TimeConstraints.Allow([new("c", null, start, duration, zone)], At(now)));

    [Fact]
    public void Without_constraints_it_always_is()
    {
        Assert.True(TimeConstraints.Allow(null, At("2026-11-20T00:00:00")));
        Assert.True(TimeConstraints.Allow([], At("2026-11-20T00:00:00")));
    }

    [Fact]
    public void Any_of_several_is_enough() => Assert.True(TimeConstraints.Allow(
        [new("a", null, "0 0 1 1 *", 60), new("b", null, "0 11 * * *", 60)], At("2026-11-20T11:00:10")));

    [Theory]
    [InlineData("* * * *")]
    [InlineData("* * * * * * *")]
    [InlineData("60 * * * *")]
    [InlineData("* 24 * * *")]
    [InlineData("* * 0 * *")]
    [InlineData("* * * 13 *")]
    [InlineData("* * * * 8")]
    [InlineData("*/0 * * * *")]
    [InlineData("1-2-3 * * * *")]
    [InlineData("x * * * *")]
    [InlineData("11:00am")]
    [InlineData("")]
    public void What_is_no_expression_is_refused(string text)
    {
        Assert.Null(CronSchedule.Parse(text, out var error));
        Assert.NotEmpty(error!);
    }

    /// <summary>Each once took years of days to find out that there is no 30th of February.</summary>
    [Fact(Timeout = 20_000)]
    public async Task Thousands_of_constraints_that_never_match_are_looked_at_in_no_time()
    {
        var never = Enumerable.Range(0, 1_000).Select(i => new TimeConstraint($"c{i}", null, "0 0 30 2 *", 60)).ToList();
        await Task.Yield();

        for (var minute = 0; minute < 500; minute++)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Assert.False(TimeConstraints.Allow(never, At("2026-11-20T00:00:00").AddMinutes(minute)));
        }
    }

    [Fact]
    public void A_very_long_expression_is_refused() => Assert.Null(CronSchedule.Parse(string.Join(',', Enumerable.Repeat("1", 100_000)) + " * * * *", out _));

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
