namespace Telemetry.Api.Auth;

/// <summary>Who asks: what Keystone's middleware, or the client itself where there is no authentication, says in X-Roles, X-User-Id and X-Project-Id.</summary>
/// <param name="Roles">As sent between commas; compared without case.</param>
public sealed record Caller(IReadOnlyList<string> Roles, string? UserId, string? ProjectId)
{
    /// <summary>Ceilometer's default rule for admins (policy.json, context_is_admin).</summary>
    public bool IsAdmin => Roles.Contains("admin", StringComparer.OrdinalIgnoreCase);

    /// <summary>The only project the caller may see and write; null where it is not limited: admins, and callers without a project.</summary>
    public string? LimitedToProject => IsAdmin || string.IsNullOrEmpty(ProjectId) ? null : ProjectId;
}
