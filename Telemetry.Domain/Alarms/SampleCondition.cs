using Telemetry.Domain.Queries;

namespace Telemetry.Domain.Alarms;

/// <summary>Turns the conditions of a threshold rule into a filter on samples.</summary>
internal static class SampleCondition
{
    /// <summary>The key of a metadata field; null where it is none.</summary>
    public static string? MetadataPath(string field) =>
        field.StartsWith("metadata.", StringComparison.Ordinal) ? field["metadata.".Length..]
        : field.StartsWith("resource_metadata.", StringComparison.Ordinal) ? field["resource_metadata.".Length..]
        : null;

    /// <summary>A field of samples that is no metadata; null where there is no such.</summary>
    public static Field? FieldOf(string field) => field switch
    {
        "user" or "user_id" => Field.UserId,
        "project" or "project_id" => Field.ProjectId,
        "resource" or "resource_id" => Field.ResourceId,
        "source" => Field.Source,
        "meter" => Field.Meter,
        "message_id" => Field.MessageId,
        _ => null,
    };

    /// <summary>One condition.</summary>
    public static Predicate Of(QueryItem item)
    {
        if (MetadataPath(item.Field) is { } path)
            return ConditionValue.Convert(item.Value, item.ValueType) is { } value ? new Predicate.Compare(Field.Metadata(path), Comparison.Equal, value) : Predicate.False;
        if (FieldOf(item.Field) is not { } field)
            return Predicate.False;
        // The literal None stands for a sample without an owner (a.4).
        return Predicate.Equal(field, item.Value == "None" && (field == Field.UserId || field == Field.ProjectId) ? null : item.Value);
    }
}
