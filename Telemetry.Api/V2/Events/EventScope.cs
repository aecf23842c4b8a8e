using Telemetry.Api.Auth;
using Telemetry.Domain.Queries;
using Telemetry.Domain.TelemetryEvents;

namespace Telemetry.Api.V2.Events;

/// <summary>Which telemetry events a caller sees. Other than samples, an admin does not see those of other projects either.</summary>
/// <remarks>Source: ceilometer/api/controllers/v2/events.py (_build_rbac_query_filters) of 7.1.1.</remarks>
internal static class EventScope
{
    private static readonly Field Project = TelemetryEventFields.Trait("project_id", TraitType.Text);
    private static readonly Field User = TelemetryEventFields.Trait("user_id", TraitType.Text);

    /// <exception cref="ApiException">403: the caller does not say who it is and for which project it asks.</exception>
    public static Predicate Of(Caller caller)
    {
        if (string.IsNullOrEmpty(caller.ProjectId) || string.IsNullOrEmpty(caller.UserId))
            throw ApiException.Plain(StatusCodes.Status403Forbidden, "RBAC Authorization Failed");
        var own = Predicate.Equal(Project, caller.ProjectId);
        return caller.LimitedToProject is not null
            ? new Predicate.All([own, Predicate.Equal(User, caller.UserId)])
            : new Predicate.Any([own, new Predicate.Compare(Project, Comparison.Equal, QueryValue.Null)]);
    }
}
