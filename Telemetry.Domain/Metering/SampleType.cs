namespace Telemetry.Domain.Metering;

/// <summary>How the volumes of a meter follow each other.</summary>
/// <remarks>The numbers are stored and never change.</remarks>
public enum SampleType : byte
{
    /// <summary>A value that stands for itself, such as a temperature.</summary>
    Gauge = 0,

    /// <summary>What was added since the sample before.</summary>
    Delta = 1,

    /// <summary>A counter that only grows; a fall means that the source restarted.</summary>
    Cumulative = 2,
}

/// <summary>The names by which Ceilometer's API and messages call the types.</summary>
public static class SampleTypes
{
    public static string Name(this SampleType type) => type switch
    {
        SampleType.Gauge => "gauge",
        SampleType.Delta => "delta",
        SampleType.Cumulative => "cumulative",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such sample type."),
    };

    public static SampleType? Parse(ReadOnlySpan<char> name) => name switch
    {
        "gauge" => SampleType.Gauge,
        "delta" => SampleType.Delta,
        "cumulative" => SampleType.Cumulative,
        _ => null,
    };
}
