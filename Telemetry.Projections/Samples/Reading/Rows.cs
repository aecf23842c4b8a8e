using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Projections.Samples.Reading;

/// <summary>What a series says of all its samples.</summary>
internal readonly record struct KeyRow(SeriesKey Key) : IRow
{
    public QueryValue this[Field field] => Of(Key, field) ?? QueryValue.Null;

    /// <summary>Null where the field is not one of the series'.</summary>
    public static QueryValue? Of(SeriesKey key, Field field) => field.Path is not null ? null : field.Name switch
    {
        "counter_name" => QueryValue.Of(key.Meter),
        "counter_type" => QueryValue.Of(key.Type.Name()),
        "counter_unit" => QueryValue.Of(key.Unit),
        "user_id" => QueryValue.Of(key.UserId),
        "project_id" => QueryValue.Of(key.ProjectId),
        "resource_id" => QueryValue.Of(key.ResourceId),
        "source" => QueryValue.Of(key.Source),
        _ => null,
    };

    public static bool Has(Field field) => field.Path is null
        && (field == Field.Meter || field == Field.Type || field == Field.Unit || field == Field.UserId || field == Field.ProjectId
            || field == Field.ResourceId || field == Field.Source);
}

/// <summary>A sample as far as its block tells.</summary>
internal readonly record struct PointRow(SeriesKey Key, long At, double Volume, Metadata? Metadata) : IRow
{
    public QueryValue this[Field field] =>
        field.Path is { } path ? Metadata?[path] ?? QueryValue.Null
        : field == Field.Timestamp ? QueryValue.Instant(At)
        : field == Field.Volume ? QueryValue.Of(Volume)
        : KeyRow.Of(Key, field) ?? QueryValue.Null;
}

/// <summary>A whole sample.</summary>
internal readonly record struct SampleRow(Sample Sample) : IRow
{
    public QueryValue this[Field field] =>
        field.Path is not null ? Sample.Metadata[field.Path]
        : field == Field.RecordedAt ? QueryValue.Instant(Sample.RecordedAt)
        : field == Field.MessageId ? QueryValue.Of(Sample.Id)
        : field == Field.MessageSignature ? QueryValue.Of(Sample.Signature)
        : new PointRow(Sample.Series, Sample.Timestamp, Sample.Volume, Sample.Metadata)[field];

    /// <summary>Whether only the event in the log can tell it.</summary>
    public static bool IsOfEvent(Field field) => field.Path is null
        && (field == Field.RecordedAt || field == Field.MessageId || field == Field.MessageSignature);
}
