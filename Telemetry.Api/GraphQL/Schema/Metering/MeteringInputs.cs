using Telemetry.Api.GraphQL.Types;

namespace Telemetry.Api.GraphQL.Schema.Metering;

/// <summary>Which meters; all conditions that are given hold.</summary>
internal sealed record MeterFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<MeterFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<MeterFilterInput>? Or { get; init; }

    /// <summary>The meter's name.</summary>
    public StringOperationFilterInput? Name { get; init; }

    /// <summary>The unit of its volumes.</summary>
    public StringOperationFilterInput? Unit { get; init; }
}

/// <summary>How meters are sorted.</summary>
internal sealed record MeterSortInput
{
    /// <summary>By name.</summary>
    public SortEnumType? Name { get; init; }
}

/// <summary>Which resources, by the samples that were measured on them: a resource is shown as those that are selected show it.</summary>
internal sealed record ResourceFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<ResourceFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<ResourceFilterInput>? Or { get; init; }

    /// <summary>The resource's `id`, or its `externalId`.</summary>
    public IdOperationFilterInput? Id { get; init; }

    /// <summary>The project that the samples belong to.</summary>
    public StringOperationFilterInput? ProjectId { get; init; }

    /// <summary>The user that the samples belong to.</summary>
    public StringOperationFilterInput? UserId { get; init; }

    /// <summary>What reported the samples.</summary>
    public StringOperationFilterInput? Source { get; init; }

    /// <summary>The samples' metadata.</summary>
    public ListFilterInput<KeyValueFilterInput>? Metadata { get; init; }
}

/// <summary>How resources are sorted.</summary>
internal sealed record ResourceSortInput
{
    /// <summary>By the earliest selected sample.</summary>
    public SortEnumType? FirstSampleAt { get; init; }

    /// <summary>By the latest selected sample.</summary>
    public SortEnumType? LastSampleAt { get; init; }

    /// <summary>By the id that the resource's service gave it.</summary>
    public SortEnumType? ExternalId { get; init; }
}

/// <summary>Which samples; all conditions that are given hold.</summary>
internal sealed record SampleFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<SampleFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<SampleFilterInput>? Or { get; init; }

    /// <summary>The meter's name.</summary>
    public StringOperationFilterInput? Meter { get; init; }

    /// <summary>The resource's `id`, or its `externalId`.</summary>
    public IdOperationFilterInput? Resource { get; init; }

    /// <summary>The project that the sample belongs to.</summary>
    public StringOperationFilterInput? ProjectId { get; init; }

    /// <summary>The user that the sample belongs to.</summary>
    public StringOperationFilterInput? UserId { get; init; }

    /// <summary>What reported the sample.</summary>
    public StringOperationFilterInput? Source { get; init; }

    /// <summary>The value.</summary>
    public FloatOperationFilterInput? Volume { get; init; }

    /// <summary>When the value was true.</summary>
    public DateTimeOperationFilterInput? Timestamp { get; init; }

    /// <summary>When the sample was stored.</summary>
    public DateTimeOperationFilterInput? RecordedAt { get; init; }

    /// <summary>The resource's metadata as the sample carried it.</summary>
    public ListFilterInput<KeyValueFilterInput>? Metadata { get; init; }
}

/// <summary>How samples are sorted.</summary>
internal sealed record SampleSortInput
{
    /// <summary>By when the value was true.</summary>
    public SortEnumType? Timestamp { get; init; }

    /// <summary>By value.</summary>
    public SortEnumType? Volume { get; init; }

    /// <summary>By when the sample was stored.</summary>
    public SortEnumType? RecordedAt { get; init; }
}

/// <summary>A condition on one key of metadata and its value.</summary>
internal sealed record KeyValueFilterInput
{
    /// <summary>All of these hold.</summary>
    public IReadOnlyList<KeyValueFilterInput>? And { get; init; }

    /// <summary>One of these holds.</summary>
    public IReadOnlyList<KeyValueFilterInput>? Or { get; init; }

    /// <summary>The key, by `eq`.</summary>
    public StringOperationFilterInput? Key { get; init; }

    /// <summary>The value, as text; without it the key has to be there.</summary>
    public StringOperationFilterInput? Value { get; init; }
}
