using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>A time: from its start on, to before its end.</summary>
/// <param name="From">The start.</param>
/// <param name="To">The end; without it until now.</param>
internal sealed record TimeRangeInput(DateTimeOffset From, DateTimeOffset? To);

/// <summary>A field of samples to group or count by.</summary>
internal enum Dimension
{
    /// <summary>The meter's name.</summary>
    Meter,

    /// <summary>The resource's own id.</summary>
    Resource,

    /// <summary>The project's id.</summary>
    Project,

    /// <summary>The user's id.</summary>
    User,

    /// <summary>What reported the sample.</summary>
    Source,
}

/// <summary>What to group by: one of the two.</summary>
/// <param name="Dimension">A field of samples.</param>
/// <param name="Metadata">A key of metadata.</param>
[OneOf]
internal sealed record GroupByInput(Dimension? Dimension, string? Metadata);

/// <summary>What stands in buckets without samples.</summary>
internal enum Fill
{
    /// <summary>There are no such buckets.</summary>
    None,

    /// <summary>No values.</summary>
    Null,

    /// <summary>Zeros.</summary>
    Zero,

    /// <summary>The values of the bucket before, of the same group.</summary>
    Previous,

    /// <summary>Values on a straight line between the buckets around, of the same group.</summary>
    Linear,
}

/// <summary>How buckets are sorted.</summary>
internal sealed record StatisticsSortInput
{
    /// <summary>By time.</summary>
    public SortEnumType? From { get; init; }

    /// <summary>By the number of samples.</summary>
    public SortEnumType? Count { get; init; }

    /// <summary>By sum.</summary>
    public SortEnumType? Sum { get; init; }

    /// <summary>By average.</summary>
    public SortEnumType? Avg { get; init; }

    /// <summary>By the largest volume.</summary>
    public SortEnumType? Max { get; init; }

    /// <summary>By the smallest volume.</summary>
    public SortEnumType? Min { get; init; }
}

/// <summary>Aggregates over samples.</summary>
/// <param name="Buckets">In the order asked for.</param>
/// <param name="Truncated">Whether `first` left buckets out.</param>
/// <param name="Range">The time that was asked for.</param>
/// <param name="Unit">Of all buckets; null where there are several, or none.</param>
[GraphQLName("Statistics")]
internal sealed record StatisticsResult(IReadOnlyList<StatisticsBucket> Buckets, bool Truncated, StatisticsRange Range, string? Unit);

/// <summary>A time: from its start on, to before its end.</summary>
/// <param name="From">The start.</param>
/// <param name="To">The end.</param>
[GraphQLName("TimeRange")]
internal sealed record StatisticsRange(DateTimeOffset From, DateTimeOffset To);

/// <summary>One value of what buckets are grouped by.</summary>
/// <param name="Name">The dimension in lower case, or the key of metadata.</param>
/// <param name="Value">As text; null where samples have none.</param>
internal sealed record GroupKey(string Name, string? Value);

/// <summary>A volume and its instant.</summary>
/// <param name="Volume">In the bucket's unit.</param>
/// <param name="Timestamp">When it was true.</param>
internal sealed record SamplePoint(double Volume, DateTimeOffset Timestamp);
