using Telemetry.Api.Auth;
using Telemetry.Domain.Metering;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.V2.Queries;

/// <summary>The simple query on alarms: equality on a few fields, within one project unless an admin asks for all.</summary>
internal static class AlarmFilter
{
    /// <summary>Every name that a condition may have, and the field that it means.</summary>
    private static readonly Dictionary<string, string> Fields = new()
    {
        ["name"] = "name",
        ["type"] = "type",
        ["state"] = "state",
        ["severity"] = "severity",
        ["enabled"] = "enabled",
        ["repeat_actions"] = "repeat_actions",
        ["timestamp"] = "timestamp",
        ["user_id"] = "user_id",
        ["user"] = "user_id",
        ["project_id"] = "project_id",
        ["project"] = "project_id",
        ["alarm_id"] = "alarm_id",
        ["meter"] = "meter",
        ["all_projects"] = "all_projects",
    };

    /// <exception cref="ApiException">400 for a condition that means nothing, 401 for another project, 403 for all projects.</exception>
    public static Predicate Of(IReadOnlyList<QueryCondition> conditions, Caller caller)
    {
        var fields = new List<(string Field, QueryCondition Condition)>();
        foreach (var condition in conditions)
        {
            if (!Fields.TryGetValue(condition.Field, out var field))
            {
                throw ApiException.UnknownArgument(
                    condition.Field,
                    $"unrecognized field in query: [{string.Join(", ", conditions)}], valid keys: [{string.Join(", ", Fields.Keys.Order(StringComparer.Ordinal).Select(MetadataText.Quote))}]");
            }
            if (condition.Op != "eq")
                throw ApiException.InvalidInput("op", condition.Op, $"unimplemented operator for {condition.Field}");
            if (fields.Any(f => f.Field == field))
                throw ApiException.InvalidInput("field", condition.Field, "duplicate query fields are not allowed");
            fields.Add((field, condition));
        }
        var all = fields.Any(f => f.Field == "all_projects" && Boolean(f.Condition));
        var project = fields.FirstOrDefault(f => f.Field == "project_id").Condition?.Value;
        if (all && !caller.IsAdmin)
            throw ApiException.RoleRequired();
        if (!caller.IsAdmin && string.IsNullOrEmpty(caller.ProjectId))
            throw ApiException.RoleRequired();
        if (project is not null && !caller.IsAdmin && project != caller.ProjectId)
            throw ApiException.ProjectNotAuthorized(project);

        var operands = fields.Where(f => f.Field != "all_projects").Select(f => Equal(f.Field, f.Condition)).ToList();
        if (!all && project is null && !string.IsNullOrEmpty(caller.ProjectId))
            operands.Add(Predicate.Equal(Field.ProjectId, caller.ProjectId));
        return new Predicate.All(operands);
    }

    private static Predicate Equal(string field, QueryCondition condition)
    {
        if (condition.Value is not { } text)
            return Predicate.False;
        return field switch
        {
            "enabled" or "repeat_actions" => new Predicate.Compare(new Field(field), Comparison.Equal, QueryValue.Of(Boolean(condition))),
            "timestamp" => new Predicate.Compare(
                Field.Timestamp, Comparison.Equal,
                QueryValue.Instant(IsoTimestamp.Parse(text)?.Naive ?? throw ApiException.InvalidInput("timestamp", text, "invalid timestamp format"))),
            _ => Predicate.Equal(new Field(field), text),
        };
    }

    private static bool Boolean(QueryCondition condition) => TypedValue.Parse(condition.Value ?? "", "boolean").Integer == 1;
}
