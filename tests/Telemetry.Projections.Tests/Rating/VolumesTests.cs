using System.Globalization;
using Telemetry.Projections.Rating;

namespace Telemetry.Projections.Tests.Rating;

public sealed class VolumesTests
{
    [Fact]
    public void A_volume_becomes_the_shortest_decimal_number_that_reads_back_as_it()
    {
        Random random = new(7);
        for (var i = 0; i < 20_000; i++)
        {
            var volume = i % 4 switch
            {
                0 => Math.Round((random.NextDouble() - 0.5) * 1e6, i % 8),
                1 => Math.Floor(random.NextDouble() * 1e17),
                2 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-6, 12)),
                _ => random.Next(-1_000_000, 1_000_000) / 64.0,
            };
            Assert.Equal(decimal.Parse(volume.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture), Volumes.ToDecimal(volume));
        }
    }

    [Fact]
    public void A_volume_that_is_too_large_overflows() => Assert.Throws<OverflowException>(() => Volumes.ToDecimal(1e29));
}
