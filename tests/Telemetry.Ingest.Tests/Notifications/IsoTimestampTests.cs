using Telemetry.Domain.Metering;
using Telemetry.Ingest.Notifications;

namespace Telemetry.Ingest.Tests.Notifications;

public sealed class IsoTimestampTests
{
    [Theory]
    [InlineData("2026-11-20T10:10:26.397904", "2026-11-20T10:10:26.397904")]
    [InlineData("2026-11-20 10:10:23+00:00", "2026-11-20T10:10:23")]
    [InlineData("2026-11-20T10:01:38.574003+0000", "2026-11-20T10:01:38.574003")]
    [InlineData("2026-11-20T10:10:23Z", "2026-11-20T10:10:23")]
    [InlineData("2026-11-20T00:10:23.5+01:30", "2026-11-19T22:40:23.500000")]
    [InlineData("2026-11-20T10:10:23-05", "2026-11-20T15:10:23")]
    [InlineData("2026-11-20T10:10", "2026-11-20T10:10:00")]
    [InlineData("2026-11-20", "2026-11-20T00:00:00")]
    [InlineData("20261120T101023", "2026-11-20T10:10:23")]
    [InlineData("2026-11-20T10:10:23.123456789", "2026-11-20T10:10:23.123456")]
    [InlineData("2026-11-20 10:10:23 UTC", "2026-11-20T10:10:23")]
    [InlineData("2024-02-29", "2024-02-29T00:00:00")]
    public void Times_are_read_as_services_write_them(string text, string utc) => Assert.Equal(utc, UnixMicroseconds.Format(IsoTimestamp.Parse(text)!.Value));

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-02-29")]
    [InlineData("2026-13-01")]
    [InlineData("2026-11-20T24:00:00")]
    [InlineData("2026-11-20T10:60")]
    [InlineData("0000-01-01")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("2026-11-20T10:10:23.")]
    [InlineData("2026-11-20T10:10:23.5.5")]
    [InlineData("1795082400")]
    public void What_is_no_time_is_none(string text) => Assert.Null(IsoTimestamp.Parse(text));
}
