using System.Text.Json;

namespace Telemetry.Ingest.Samples;

/// <summary>The fields of a sample in the message form, in the order in which Ceilometer's API looks at them.</summary>
internal enum SampleField
{
    Source,
    CounterName,
    CounterType,
    CounterUnit,
    CounterVolume,
    UserId,
    ProjectId,
    ResourceId,
    Timestamp,
    ResourceMetadata,
    MessageId,
    MessageSignature,

    // Known and not kept, but signed like the others.
    MonotonicTime,
    ProjectName,
    PublisherId,
    RecordedAt,
    UserName,
}

internal static class SampleFields
{
    public const int Count = (int)SampleField.UserName + 1;

    public static string Name(this SampleField field) => field switch
    {
        SampleField.Source => "source",
        SampleField.CounterName => "counter_name",
        SampleField.CounterType => "counter_type",
        SampleField.CounterUnit => "counter_unit",
        SampleField.CounterVolume => "counter_volume",
        SampleField.UserId => "user_id",
        SampleField.ProjectId => "project_id",
        SampleField.ResourceId => "resource_id",
        SampleField.Timestamp => "timestamp",
        SampleField.ResourceMetadata => "resource_metadata",
        SampleField.MessageId => "message_id",
        SampleField.MessageSignature => "message_signature",
        SampleField.MonotonicTime => "monotonic_time",
        SampleField.ProjectName => "project_name",
        SampleField.PublisherId => "publisher_id",
        SampleField.RecordedAt => "recorded_at",
        SampleField.UserName => "user_name",
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "It has no single name."),
    };

    /// <summary>The field of a property name; null where there is none of that name.</summary>
    /// <param name="name">Without escapes.</param>
    /// <param name="messages">Whether fields count that only messages have, not Ceilometer's API.</param>
    public static SampleField? Parse(ReadOnlySpan<byte> name, bool messages)
    {
        switch (name.Length)
        {
            case 6 when name.SequenceEqual("source"u8): return SampleField.Source;
            case 7 when name.SequenceEqual("user_id"u8): return SampleField.UserId;
            case 9 when name.SequenceEqual("timestamp"u8): return SampleField.Timestamp;
            case 10 when name.SequenceEqual("project_id"u8): return SampleField.ProjectId;
            case 10 when name.SequenceEqual("message_id"u8): return SampleField.MessageId;
            case 11 when name.SequenceEqual("resource_id"u8): return SampleField.ResourceId;
            case 11 when name.SequenceEqual("recorded_at"u8): return SampleField.RecordedAt;
            case 12 when name.SequenceEqual("counter_name"u8): return SampleField.CounterName;
            case 12 when name.SequenceEqual("counter_type"u8): return SampleField.CounterType;
            case 12 when name.SequenceEqual("counter_unit"u8): return SampleField.CounterUnit;
            case 14 when name.SequenceEqual("counter_volume"u8): return SampleField.CounterVolume;
            case 17 when name.SequenceEqual("resource_metadata"u8): return SampleField.ResourceMetadata;
        }
        if (!messages)
            return null;
        return name.SequenceEqual("message_signature"u8) ? SampleField.MessageSignature
            : name.SequenceEqual("monotonic_time"u8) ? SampleField.MonotonicTime
            : name.SequenceEqual("user_name"u8) ? SampleField.UserName
            : name.SequenceEqual("project_name"u8) ? SampleField.ProjectName
            : name.SequenceEqual("publisher_id"u8) ? SampleField.PublisherId
            : null;
    }
}

/// <summary>Where a field's value stands in the body, and what it is.</summary>
/// <param name="Start">Of the raw text, quotes included.</param>
internal readonly record struct FieldToken(JsonTokenType Type, int Start, int Length, bool Escaped)
{
    /// <summary>Null and absent are told apart by <see cref="IsAbsent"/>.</summary>
    public bool IsNullOrAbsent => Type is JsonTokenType.Null or JsonTokenType.None;

    public bool IsAbsent => Type == JsonTokenType.None;

    public ReadOnlySpan<byte> Raw(ReadOnlySpan<byte> body) => body.Slice(Start, Length);

    /// <summary>What is between the quotes of a string, escapes as they were written.</summary>
    public ReadOnlySpan<byte> Text(ReadOnlySpan<byte> body) => body.Slice(Start + 1, Length - 2);
}
