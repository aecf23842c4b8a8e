using System.Globalization;
using System.Text;
using Telemetry.Ingest.Samples;

namespace Telemetry.Ingest.Tests.Samples;

public sealed class VolumeTextTests
{
    [Theory]
    [InlineData("1", 1)]
    [InlineData(" 1.5\t", 1.5)]
    [InlineData("+.5e1", 5)]
    [InlineData("1.", 1)]
    [InlineData("1_000.2_5", 1000.25)]
    [InlineData("-1E-7", -1e-7)]
    [InlineData("007", 7)]
    public void Texts_that_Pythons_float_reads_are_read(string text, double expected)
    {
        Assert.True(VolumeText.TryParseText(Encoding.UTF8.GetBytes(text), out var value));
        Assert.Equal(expected, value);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("nan")]
    [InlineData("inf")]
    [InlineData("Infinity")]
    [InlineData("1e400")]
    [InlineData("0x10")]
    [InlineData("1,5")]
    [InlineData("1 5")]
    [InlineData("_1")]
    [InlineData("1_")]
    [InlineData("1__0")]
    [InlineData("1_.5")]
    [InlineData("--1")]
    [InlineData("(1)")]
    [InlineData("e")]
    [InlineData("١")]
    public void Anything_else_is_refused(string text) => Assert.False(VolumeText.TryParseText(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("0")]
    [InlineData("-0")]
    [InlineData("-0.0")]
    [InlineData("0.1")]
    [InlineData("123456789012345")]
    [InlineData("1234567890123456")]
    [InlineData("999999999999999.9")]
    [InlineData("0.30000000000000004")]
    [InlineData("9007199254740993")]
    [InlineData("12345678901234567890")]
    [InlineData("5e-324")]
    [InlineData("1e-400")]
    [InlineData("1.7976931348623157e308")]
    public void Numbers_are_correctly_rounded(string json)
    {
        Assert.True(VolumeText.TryParseNumber(Encoding.UTF8.GetBytes(json), out var value));
        Assert.Equal(BitConverter.DoubleToInt64Bits(double.Parse(json, CultureInfo.InvariantCulture)), BitConverter.DoubleToInt64Bits(value));
    }

    [Fact]
    public void Random_decimals_are_correctly_rounded()
    {
        var random = new Random(1);
        for (var i = 0; i < 100_000; i++)
        {
            var text = ((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(0, 16))).ToString($"F{random.Next(0, 16)}", CultureInfo.InvariantCulture);
            Assert.True(VolumeText.TryParseNumber(Encoding.UTF8.GetBytes(text), out var value));
            Assert.True(double.Parse(text, CultureInfo.InvariantCulture).Equals(value), text);
        }
    }
}
