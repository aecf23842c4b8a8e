using System.Text;
using Telemetry.Domain.Metering;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class IsoTimestampTests
{
    [Theory]
    [InlineData("2014-01-01", "2014-01-01T00:00:00", null)]
    [InlineData("2014-01-01T01:02", "2014-01-01T01:02:00", null)]
    [InlineData("2014-01-01T01:02:03", "2014-01-01T01:02:03", null)]
    [InlineData("2014-01-01 01:02:03", "2014-01-01T01:02:03", null)]
    [InlineData("2014-01-01T01:02:03.5", "2014-01-01T01:02:03.500000", null)]
    [InlineData("2014-01-01T01:02:03.123456", "2014-01-01T01:02:03.123456", null)]
    [InlineData("2014-01-01T01:02:03.1234569999999999999", "2014-01-01T01:02:03.123456", null)]
    [InlineData("2014-01-01T01:02:03Z", "2014-01-01T01:02:03", 0)]
    [InlineData("2014-01-01T01:02:03.5+02:30", "2013-12-31T22:32:03.500000", 150)]
    [InlineData("2014-01-01T01:02:03-0230", "2014-01-01T03:32:03", -150)]
    [InlineData("2014-01-01T01:02:03+02", "2013-12-31T23:02:03", 120)]
    [InlineData("2012-02-29T23:59:59.999999", "2012-02-29T23:59:59.999999", null)]
    [InlineData("0001-01-01T00:00:00", "0001-01-01T00:00:00", null)]
    [InlineData("9999-12-31T23:59:59.999999", "9999-12-31T23:59:59.999999", null)]
    public void Instants_are_read_into_utc(string text, string expected, int? offset)
    {
        Assert.True(IsoTimestamp.TryParse(Encoding.UTF8.GetBytes(text), out var at, out var offsetMinutes));
        Assert.Equal(expected, UnixMicroseconds.Format(at));
        Assert.Equal(offset, offsetMinutes);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2014")]
    [InlineData("2014-1-1")]
    [InlineData("2014-02-29")]
    [InlineData("2014-13-01")]
    [InlineData("2014-00-01")]
    [InlineData("0000-01-01")]
    [InlineData("2014/01/01")]
    [InlineData("2014-01-01T")]
    [InlineData("2014-01-01T24:00:00")]
    [InlineData("2014-01-01T00:60:00")]
    [InlineData("2014-01-01T00:00:60")]
    [InlineData("2014-01-01T00:00:00.")]
    [InlineData("2014-01-01T00:00:00x")]
    [InlineData("2014-01-01T00:00:00+")]
    [InlineData("2014-01-01T00:00:00+24:00")]
    [InlineData("2014-01-01T00:00:00+01:60")]
    [InlineData("2014-01-01T00:00:00+1:000")]
    [InlineData("2014-01-01T0a:00:00")]
    [InlineData(" 2014-01-01")]
    [InlineData("0001-01-01T00:00:00+00:01")]
    [InlineData("9999-12-31T23:59:59-00:01")]
    public void Anything_else_is_refused(string text) =>
        Assert.False(IsoTimestamp.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));

    [Fact]
    public void Every_day_of_ten_thousand_years_is_right()
    {
        for (var day = DateOnly.MinValue; day < DateOnly.MaxValue; day = day.AddDays(1))
        {
            Assert.True(IsoTimestamp.TryParse(Encoding.ASCII.GetBytes(day.ToString("yyyy-MM-dd")), out var at, out _));
            Assert.Equal((day.ToDateTime(default, DateTimeKind.Utc) - DateTime.UnixEpoch).Ticks / 10, at);
            if (day.Day == 2 && day.Month != 2 && day.Month != 12)
                day = day.AddDays(20); // both ends of each month, and all of February and December
        }
    }
}
