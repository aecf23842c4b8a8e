using System.Text.Json;

namespace Telemetry.Domain.Alarms;

/// <summary>What a client asks a quota to be: the body of a POST.</summary>
/// <param name="Limit">-1 for unlimited; null where the body sets none.</param>
public sealed record QuotaDraft(string ProjectId, int? Limit)
{
    /// <exception cref="AlarmRefusedException">The body is no quota.</exception>
    public static QuotaDraft Read(JsonElement body)
    {
        var a = AlarmArguments.Read(body, "body", "body", body, ["project_id", "quotas"]);
        var project = a.RequiredText("project_id");
        int? limit = null;
        foreach (var item in a.Items("quotas"))
        {
            var quota = AlarmArguments.Read(item, "quotas", "body.quotas", body, ["resource", "limit"]);
            quota.Word("resource", ["alarms"], null);
            limit = quota.Integer("limit", null, min: -1);
        }
        return new(project, limit);
    }
}
