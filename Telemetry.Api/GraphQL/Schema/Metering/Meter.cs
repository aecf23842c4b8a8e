using Telemetry.Api.GraphQL.Types;
using Telemetry.Domain.Metering;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>How the volumes of a meter follow each other.</summary>
internal enum MeterType
{
    /// <summary>A value that stands for itself, such as a temperature.</summary>
    Gauge,

    /// <summary>What was added since the sample before.</summary>
    Delta,

    /// <summary>A counter that only grows; a fall means that the source restarted.</summary>
    Cumulative,
}

/// <summary>A named quantity that samples have come in for; of one name there are as many meters as there are types and units.</summary>
/// <param name="Name">Such as `cpu_util`.</param>
/// <param name="Type">How its volumes follow each other.</param>
/// <param name="Unit">Of its volumes; null where samples were stored without one.</param>
[Node(IdField = nameof(Key))]
internal sealed record Meter(string Name, MeterType Type, string? Unit)
{
    /// <summary>Opaque, of this meter alone.</summary>
    public string Key => $"{((SampleType)Type).Name()}:{(Unit is null ? "-" : "=" + Uri.EscapeDataString(Unit))}:{Name}";

    public static Meter Of(SeriesKey series) => new(series.Meter, (MeterType)series.Type, series.Unit);

    public static Meter Of(MeterRow row) => new(row.Name, (MeterType)row.Type, row.Unit);

    /// <summary>Null where the text is no key.</summary>
    public static Meter? Parse(string key) => key.Split(':', 3) is [var type, var unit, var name] && SampleTypes.Parse(type) is { } known && unit is "-" or ['=', ..]
        ? new(name, (MeterType)known, unit == "-" ? null : Uri.UnescapeDataString(unit[1..]))
        : null;
}

/// <summary>One key of metadata; those of nested objects are joined, the first by a dot, further ones by colons.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">As text: `True`, `1`, `1.5`, `None`.</param>
internal sealed record KeyValue(string Key, string Value);
