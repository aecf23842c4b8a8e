using System.Globalization;
using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Statistics;

/// <summary>What is computed over the volumes of a row. The first seven are Ceilometer's, the others ours.</summary>
public enum AggregateFunction
{
    Max,
    Min,
    Sum,
    Average,
    Count,
    StandardDeviation,

    /// <summary>How many different values a field has.</summary>
    Cardinality,

    /// <summary>The p-th percentile, linear between the two nearest ranks; the median is the 50th.</summary>
    Percentile,

    /// <summary>The volume of the earliest sample, of equal timestamps the one inserted first.</summary>
    First,

    /// <summary>The volume of the latest sample, of equal timestamps the one inserted last.</summary>
    Last,

    /// <summary>
    /// Growth per second, over every series by itself and summed: of cumulative samples the increases between neighbours, where a fall
    /// counts the new volume (the source restarted); of delta samples the sum without the first one's; of gauges last minus first; each
    /// divided by the seconds between the series' first and last sample. A series with fewer than two instants adds nothing.
    /// </summary>
    Rate,
}

/// <summary>One aggregate as asked for.</summary>
/// <param name="Name">As the caller wrote it, such as <c>p95</c>: the answer repeats it.</param>
/// <param name="Of">The field of a cardinality, else null.</param>
/// <param name="Percentile">0 to 100, of a percentile.</param>
public sealed record Aggregate(AggregateFunction Function, string Name, Field? Of = null, double Percentile = 0)
{
    /// <summary>How the answer names it: <c>func</c> or <c>func/param</c>.</summary>
    public string Key => Of is { } of ? $"{Name}/{of.Name}" : Name;

    /// <summary>Whether an <see cref="Accumulator"/> is enough to answer it.</summary>
    public bool Accumulates => Function <= AggregateFunction.StandardDeviation;

    /// <summary>Reads a name: max min sum avg count stddev median first last rate, and pNN for a percentile (p0 to p100, p99.9).</summary>
    /// <returns>Null where there is no such function, and for <c>cardinality</c>, which needs a field.</returns>
    public static Aggregate? Parse(string name) => name switch
    {
        "max" => new(AggregateFunction.Max, name),
        "min" => new(AggregateFunction.Min, name),
        "sum" => new(AggregateFunction.Sum, name),
        "avg" => new(AggregateFunction.Average, name),
        "count" => new(AggregateFunction.Count, name),
        "stddev" => new(AggregateFunction.StandardDeviation, name),
        "first" => new(AggregateFunction.First, name),
        "last" => new(AggregateFunction.Last, name),
        "rate" => new(AggregateFunction.Rate, name),
        "median" => new(AggregateFunction.Percentile, name, Percentile: 50),
        ['p', >= '0' and <= '9', ..] when double.TryParse(name.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var p) && p <= 100 =>
            new(AggregateFunction.Percentile, name, Percentile: p),
        _ => null,
    };
}
