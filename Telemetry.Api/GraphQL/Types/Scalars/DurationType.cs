namespace Telemetry.Api.GraphQL.Types.Scalars;

/// <summary>A length of time: read as <see cref="CalendarDuration"/>, written from that or a <see cref="TimeSpan"/> that is not negative.</summary>
internal sealed class DurationType() : TextScalarType("Duration")
{
    public static readonly DurationType Instance = new() { Description = "A length of time by ISO 8601: `PT1H`, `P1D`, `P1M`." };

    protected override object? Parse(string text) => CalendarDuration.TryParse(text);

    protected override string? Format(object value) => value switch
    {
        CalendarDuration d => d.ToString(),
        // Days of a fixed length are hours: a reader must not take them for the calendar's.
        TimeSpan t when t >= TimeSpan.Zero => new CalendarDuration(0, 0, t).ToString(),
        _ => null,
    };
}
