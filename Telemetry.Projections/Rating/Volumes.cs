using System.Globalization;

namespace Telemetry.Projections.Rating;

/// <summary>Turns a double into the decimal number that its sender wrote.</summary>
internal static class Volumes
{
    private const double Exact = 9_007_199_254_740_992; // 2^53: below it every whole number is a double

    /// <summary>The shortest decimal number that reads back as the double: never <c>(decimal)double</c>, which rounds to 15 digits.</summary>
    /// <exception cref="OverflowException">It is 2^96 or more.</exception>
    public static decimal ToDecimal(double volume)
    {
        var whole = (long)volume;
        if (whole == volume && Math.Abs(volume) < Exact)
            return whole;
        // A volume with few digits is m / 10^n for whole m, correctly rounded; the shortest number that reads back is that one.
        var (scaled, power) = (volume, 1d);
        for (byte digits = 1; digits <= 6; digits++)
        {
            power *= 10;
            scaled = Math.Round(volume * power);
            if (Math.Abs(scaled) >= 1e15)
                break;
            if (scaled / power == volume)
                return new decimal((int)((long)Math.Abs(scaled) & uint.MaxValue), (int)((long)Math.Abs(scaled) >> 32), 0, volume < 0, digits);
        }
        return decimal.Parse(volume.ToString("R", CultureInfo.InvariantCulture), NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
