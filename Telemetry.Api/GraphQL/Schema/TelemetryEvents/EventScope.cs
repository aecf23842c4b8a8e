using Telemetry.Api.Auth;
using Telemetry.Api.V2;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.GraphQL.Schema.TelemetryEvents;

/// <summary>Which telemetry events a caller may see. Source: ceilometer/api/controllers/v2/events.py and utils.py (get_event_rbac ...).</summary>
internal static class EventScope
{
    private static readonly Field Project = TelemetryEventFields.Trait("project_id", TraitType.Text);
    private static readonly Field User = TelemetryEventFields.Trait("user_id", TraitType.Text);

    /// <summary>Of a limited caller its own; of an admin those of its project and of none.</summary>
    /// <exception cref="ApiException">403: the caller says not who it is.</exception>
    public static Predicate Of(Caller caller)
    {
        if (string.IsNullOrEmpty(caller.UserId) || string.IsNullOrEmpty(caller.ProjectId))
            throw ApiException.RoleRequired();
        return caller.IsAdmin
            ? new Predicate.Any([Predicate.Equal(Project, caller.ProjectId), Predicate.Equal(Project, null)])
            : new Predicate.All([Predicate.Equal(Project, caller.ProjectId), Predicate.Equal(User, caller.UserId)]);
    }

    /// <exception cref="ApiException">401: the types of events are not for limited callers.</exception>
    public static void DemandTypes(Caller caller)
    {
        if (caller.LimitedToProject is { } project)
            throw ApiException.ProjectNotAuthorized(project);
    }
}
