using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Statistics;

/// <summary>Asks for statistics over samples.</summary>
/// <param name="Filter">Which samples; bounds on the timestamp stand in <paramref name="Range"/>.</param>
/// <param name="Range">The samples' timestamps.</param>
/// <param name="PeriodSeconds">The length of a bucket; null for one row over everything.</param>
/// <param name="GridStart">Where bucket 0 begins (microseconds since 1970); null: at the earliest sample that is selected, over all groups.</param>
/// <param name="GroupBy">Fields or metadata keys. Samples that lack a metadata key are left out; no project, or no user, is a group of its own.</param>
/// <param name="Aggregates">What is computed beyond the <see cref="Accumulator"/>, which every row has.</param>
public sealed record StatisticsQuery(
    Predicate Filter,
    TimeRange Range,
    long? PeriodSeconds,
    long? GridStart,
    IReadOnlyList<Field> GroupBy,
    IReadOnlyList<Aggregate> Aggregates)
{
    /// <summary>The most rows that one answer holds.</summary>
    public const int MaxRows = 1_000_000;
}

/// <summary>The samples of one unit, group and bucket.</summary>
/// <param name="Unit">Null where the samples have none.</param>
/// <param name="Group">The values of the query's <see cref="StatisticsQuery.GroupBy"/>, in its order.</param>
/// <param name="PeriodStart">Microseconds since 1970. Without a period: the earliest sample of the row.</param>
/// <param name="PeriodEnd">A full period later. Without a period: the latest sample of the row.</param>
/// <param name="Values">What the query's aggregates come to, in its order; null where there is no value (a rate over one sample).</param>
public sealed record StatisticsRow(
    string? Unit, IReadOnlyList<QueryValue> Group, long PeriodStart, long PeriodEnd, Accumulator Total, IReadOnlyList<double?> Values);

/// <summary>An answer would have more than <see cref="StatisticsQuery.MaxRows"/> rows.</summary>
public sealed class TooManyRowsException() : Exception($"The answer would have more than {StatisticsQuery.MaxRows} rows. Ask for a longer period or a shorter time.");
