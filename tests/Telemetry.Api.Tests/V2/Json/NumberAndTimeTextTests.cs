using System.Text;
using System.Text.Json;
using Telemetry.Api.V2.Json;
using Telemetry.Domain;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.Tests.V2.Json;

/// <summary>Floats and timestamps as Python writes them.</summary>
public sealed class NumberAndTimeTextTests
{
    // What Python's json.dumps gives for the same doubles.
    [Theory]
    [InlineData(0, "0.0")]
    [InlineData(-0.0, "-0.0")]
    [InlineData(1, "1.0")]
    [InlineData(-42, "-42.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(1.5, "1.5")]
    [InlineData(100, "100.0")]
    [InlineData(123456789.125, "123456789.125")]
    [InlineData(999999999999999, "999999999999999.0")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(9007199254740993, "9007199254740992.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1.5e300, "1.5e+300")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(0.000001, "1e-06")]
    [InlineData(0.0001234, "0.0001234")]
    [InlineData(-0.25, "-0.25")]
    [InlineData(12.34, "12.34")]
    [InlineData(99.999999, "99.999999")]
    [InlineData(0.1 + 0.2, "0.30000000000000004")]
    [InlineData(double.NaN, "null")]
    [InlineData(double.PositiveInfinity, "null")]
    [InlineData(double.NegativeInfinity, "null")]
    public void A_float_reads_as_in_Python(double value, string text) => Assert.Equal(text, Written(json => FloatText.Write(json, value)));

    [Fact]
    public void A_float_reads_back_as_itself()
    {
        var random = new Random(7);
        for (var i = 0; i < 20_000; i++)
        {
            var value = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (double.IsFinite(value))
                Assert.Equal(value, JsonElement.Parse(Written(json => FloatText.Write(json, value))).GetDouble());
        }
    }

    [Fact]
    public void A_float_of_few_decimals_is_written_as_the_domain_writes_it()
    {
        var random = new Random(9);
        for (var i = 0; i < 20_000; i++)
        {
            var value = Math.Round((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-5, 17)), random.Next(8));
            Assert.Equal(PythonText.Float(value), Written(json => FloatText.Write(json, value)));
        }
    }

    [Fact]
    public void A_timestamp_reads_as_the_domain_formats_it_whatever_was_written_before()
    {
        var random = new Random(8);
        var text = new TimestampText();
        long[] edges = [UnixMicroseconds.Min, UnixMicroseconds.Max, 0, -1, 1, UnixMicroseconds.PerHour, -UnixMicroseconds.PerHour, UnixMicroseconds.PerHour - 1, 999_999, 1_000_000];
        var instants = edges.Concat(Enumerable.Range(0, 10_000).Select(_ => random.NextInt64(UnixMicroseconds.Min, UnixMicroseconds.Max)))
            .Concat(Enumerable.Range(0, 10_000).Select(i => 1_767_225_600_000_000 + i * 600_000_000L));

        foreach (var at in instants)
            Assert.Equal($"\"{UnixMicroseconds.Format(at)}\"", Encoding.ASCII.GetString(text.Format(at)));
    }

    private static string Written(Action<Utf8JsonWriter> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
            write(json);
        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
