using System.Text.RegularExpressions;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>The fields that complex queries of one kind of row know.</summary>
/// <param name="Visibility">The field by which a limited caller is kept to its project.</param>
/// <param name="HasMetadata">Whether filters may name <c>metadata.KEY</c>.</param>
internal sealed partial record ComplexFields(Field Visibility, bool HasMetadata, IReadOnlyDictionary<string, Field> Fields)
{
    public static readonly ComplexFields Samples = new(Field.ProjectId, true, new Dictionary<string, Field>
    {
        ["source"] = Field.Source,
        ["counter_name"] = Field.Meter,
        ["meter"] = Field.Meter,
        ["counter_type"] = Field.Type,
        ["type"] = Field.Type,
        ["counter_unit"] = Field.Unit,
        ["unit"] = Field.Unit,
        ["counter_volume"] = Field.Volume,
        ["volume"] = Field.Volume,
        ["user_id"] = Field.UserId,
        ["user"] = Field.UserId,
        ["project_id"] = Field.ProjectId,
        ["project"] = Field.ProjectId,
        ["resource_id"] = Field.ResourceId,
        ["resource"] = Field.ResourceId,
        ["timestamp"] = Field.Timestamp,
        ["recorded_at"] = Field.RecordedAt,
        ["resource_metadata"] = new(Field.MetadataName),
        ["message_id"] = Field.MessageId,
        ["message_signature"] = Field.MessageSignature,
    });

    /// <summary>The field of a filter, null where there is none of that name.</summary>
    public Field? Find(string name) => HasMetadata && MetadataPattern().IsMatch(name) ? QueryFields.Metadata(name) : FindToSort(name);

    /// <summary>The field to sort by, null where there is none of that name.</summary>
    public Field? FindToSort(string name) => Fields.TryGetValue(name, out var field) ? field : null;

    public static bool IsInstant(Field field) => field == Field.Timestamp || field == Field.RecordedAt;

    [GeneratedRegex(@"^(resource_)?metadata\.\S+$", RegexOptions.CultureInvariant)]
    private static partial Regex MetadataPattern();
}
