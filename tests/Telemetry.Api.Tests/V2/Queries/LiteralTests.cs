using Telemetry.Api.V2.Queries;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.Tests.V2.Queries;

/// <summary>What the texts of conditions are taken for.</summary>
public sealed class LiteralTests
{
    // ast.literal_eval of Python 3 on the same texts.
    [Theory]
    [InlineData("123", ValueKind.Integer, "123")]
    [InlineData("-5", ValueKind.Integer, "-5")]
    [InlineData("+5", ValueKind.Integer, "5")]
    [InlineData(" 7", ValueKind.Integer, "7")]
    [InlineData("1_000", ValueKind.Integer, "1000")]
    [InlineData("0", ValueKind.Integer, "0")]
    [InlineData("007", ValueKind.Text, "007")]
    [InlineData("1.5", ValueKind.Float, "1.5")]
    [InlineData(".5", ValueKind.Float, "0.5")]
    [InlineData("5.", ValueKind.Float, "5")]
    [InlineData("-1.5e3", ValueKind.Float, "-1500")]
    [InlineData("1e5", ValueKind.Float, "100000")]
    [InlineData("True", ValueKind.Boolean, "true")]
    [InlineData("False", ValueKind.Boolean, "false")]
    [InlineData("true", ValueKind.Text, "true")]
    [InlineData("None", ValueKind.Null, "null")]
    [InlineData("none", ValueKind.Text, "none")]
    [InlineData("'1'", ValueKind.Text, "1")]
    [InlineData("\"it's\"", ValueKind.Text, "it's")]
    [InlineData(@"'a\'b\\c\nd'", ValueKind.Text, "a'b\\c\nd")]
    [InlineData("'a'b'", ValueKind.Text, "'a'b'")]
    [InlineData("'open", ValueKind.Text, "'open")]
    [InlineData("'", ValueKind.Text, "'")]
    [InlineData("m1.tiny", ValueKind.Text, "m1.tiny")]
    [InlineData("1.2.3", ValueKind.Text, "1.2.3")]
    [InlineData("2026-01-01", ValueKind.Text, "2026-01-01")]
    [InlineData("inf", ValueKind.Text, "inf")]
    [InlineData("[1]", ValueKind.Text, "[1]")]
    [InlineData("", ValueKind.Text, "")]
    [InlineData("9223372036854775807", ValueKind.Integer, "9223372036854775807")]
    [InlineData("9223372036854775808", ValueKind.Float, "9.223372036854776E+18")]
    public void An_untyped_text_is_guessed_as_Python_would(string text, ValueKind kind, string value)
    {
        var guess = PythonLiteral.Guess(text);

        Assert.Equal(kind, guess.Kind);
        Assert.Equal(value, guess.ToString());
    }

    [Theory]
    [InlineData("2026-01-02", "2026-01-02T00:00:00", "2026-01-02T00:00:00")]
    [InlineData("20260102T030405Z", "2026-01-02T03:04:05", "2026-01-02T03:04:05")]
    [InlineData("2026-01-02T03:04:05,25", "2026-01-02T03:04:05.250000", "2026-01-02T03:04:05.250000")]
    [InlineData("2026-01-02T03:04:05.1234567", "2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456")]
    [InlineData("2026-01-02T03:04:05+02:00", "2026-01-02T03:04:05", "2026-01-02T01:04:05")]
    [InlineData("2026-01-02T03:04:05-0230", "2026-01-02T03:04:05", "2026-01-02T05:34:05")]
    [InlineData("2026-01-02T03+02", "2026-01-02T03:00:00", "2026-01-02T01:00:00")]
    public void A_timestamp_is_read_with_and_without_its_zone(string text, string naive, string utc)
    {
        var at = Assert.NotNull(IsoTimestamp.Parse(text));

        Assert.Equal(naive, UnixMicroseconds.Format(at.Naive));
        Assert.Equal(utc, UnixMicroseconds.Format(at.Utc));
    }

    [Theory]
    [InlineData("2026")]
    [InlineData("2026-1-1")]
    [InlineData("2026-01-01T")]
    [InlineData("2026-01-01T1:00")]
    [InlineData("2026-01-01T00:00:60")]
    [InlineData("2026-01-01T00:00:00.")]
    [InlineData("2026-01-01x")]
    [InlineData("٢٠٢٦-01-01")]
    [InlineData("1767225600")]
    public void What_is_no_timestamp_is_none(string text) => Assert.Null(IsoTimestamp.Parse(text));
}
