using System.Text.RegularExpressions;
using Telemetry.Domain.Alarms;
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

    public static readonly ComplexFields Alarms = new(Field.ProjectId, false, Named(AlarmRow.QueryFields));

    public static readonly ComplexFields AlarmHistory = new(new("on_behalf_of"), false, Named(AlarmChangeRow.QueryFields));

    /// <summary>The field of a filter, null where there is none of that name.</summary>
    public Field? Find(string name) => HasMetadata && MetadataPattern().IsMatch(name) ? QueryFields.Metadata(name) : FindToSort(name);

    /// <summary>The field to sort by, null where there is none of that name.</summary>
    public Field? FindToSort(string name) => Fields.TryGetValue(name, out var field) ? field : null;

    public static bool IsInstant(Field field) =>
        field == Field.Timestamp || field == Field.RecordedAt || (!field.IsMetadata && field.Name is "state_timestamp" or "evaluate_timestamp");

    /// <summary>Fields by their names, and the owner's by <c>user</c> and <c>project</c> too.</summary>
    private static Dictionary<string, Field> Named(IEnumerable<string> names)
    {
        var fields = names.ToDictionary(n => n, n => new Field(n));
        (fields["user"], fields["project"]) = (Field.UserId, Field.ProjectId);
        return fields;
    }

    [GeneratedRegex(@"^(resource_)?metadata\.\S+$", RegexOptions.CultureInvariant)]
    private static partial Regex MetadataPattern();
}
