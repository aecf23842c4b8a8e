namespace Telemetry.Domain.TelemetryEvents;

/// <summary>The type of a trait's value.</summary>
/// <remarks>The numbers are Ceilometer's, as messages carry them and stores keep them.</remarks>
public enum TraitType : byte
{
    Text = 1,
    Integer = 2,
    Float = 3,
    Datetime = 4,
}

/// <summary>The names of the types.</summary>
public static class TraitTypes
{
    /// <summary>As the API calls it.</summary>
    public static string Name(this TraitType type) => type switch
    {
        TraitType.Text => "string",
        TraitType.Integer => "integer",
        TraitType.Float => "float",
        TraitType.Datetime => "datetime",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such trait type."),
    };

    /// <summary>By the API's name or by the one that event definitions use (<c>text</c>, <c>int</c>).</summary>
    public static TraitType? Parse(ReadOnlySpan<char> name) => name switch
    {
        "string" or "text" => TraitType.Text,
        "integer" or "int" => TraitType.Integer,
        "float" => TraitType.Float,
        "datetime" => TraitType.Datetime,
        _ => null,
    };
}
