using System.Text.Json;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.V2.Json;

/// <summary>Writes instants as Ceilometer does: naive UTC, six digits of fraction unless they are zero.</summary>
/// <remarks>Keeps the text of the last hour, since the instants of an answer lie close together. Not thread-safe.</remarks>
internal sealed class TimestampText
{
    private const int MinutesAt = 15;
    private const int FractionAt = 20;

    private readonly byte[] _text = "\"0001-01-01T00:00:00.000000\""u8.ToArray();
    private long _hour = long.MinValue;

    /// <summary>Writes an instant as a JSON string.</summary>
    /// <param name="at">Microseconds since 1970.</param>
    public void Write(Utf8JsonWriter json, long at) => json.WriteRawValue(Format(at), skipInputValidation: true);

    public void Write(Utf8JsonWriter json, JsonEncodedText name, long at)
    {
        json.WritePropertyName(name);
        Write(json, at);
    }

    /// <summary>The JSON string with its quotes, good until the next call.</summary>
    public ReadOnlySpan<byte> Format(long at)
    {
        var (hour, rest) = Math.DivRem(at, UnixMicroseconds.PerHour);
        if (rest < 0)
            (hour, rest) = (hour - 1, rest + UnixMicroseconds.PerHour);
        if (hour != _hour)
            Begin(hour);
        var (seconds, fraction) = Math.DivRem((uint)(rest % UnixMicroseconds.PerHour), (uint)UnixMicroseconds.PerSecond);
        Digits(MinutesAt, 2, seconds / 60);
        Digits(MinutesAt + 3, 2, seconds % 60);
        if (fraction == 0)
        {
            _text[FractionAt] = (byte)'"';
            return _text.AsSpan(0, FractionAt + 1);
        }
        _text[FractionAt] = (byte)'.';
        Digits(FractionAt + 1, 6, fraction);
        return _text;
    }

    private void Begin(long hour)
    {
        var at = UnixMicroseconds.ToDateTime(hour * UnixMicroseconds.PerHour);
        Digits(1, 4, (uint)at.Year);
        Digits(6, 2, (uint)at.Month);
        Digits(9, 2, (uint)at.Day);
        Digits(12, 2, (uint)at.Hour);
        _hour = hour;
    }

    private void Digits(int start, int count, uint value)
    {
        for (var i = start + count - 1; i >= start; i--)
        {
            (value, var digit) = Math.DivRem(value, 10);
            _text[i] = (byte)('0' + digit);
        }
    }
}
