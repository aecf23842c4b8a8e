using Telemetry.Api.V2;
using Telemetry.Domain.Queries;

namespace Telemetry.Api.Auth;

/// <summary>What a caller may see: everything, or what belongs to one project. The one place that decides it, for every endpoint.</summary>
/// <param name="Project">Null: not limited.</param>
internal readonly record struct Scope(string? Project)
{
    public static Scope Of(Caller caller) => new(caller.LimitedToProject);

    /// <summary>Selects what the caller may see.</summary>
    public Predicate Predicate => Project is null ? Predicate.True : Predicate.Equal(Field.ProjectId, Project);

    /// <summary>The part of what a filter selects that the caller may see.</summary>
    public Predicate Limit(Predicate filter) => Predicate.And(Predicate, filter);

    /// <summary>The same for rows whose project stands in another field.</summary>
    public Predicate Limit(Predicate filter, Field by) => Project is null ? filter : Predicate.And(Predicate.Equal(by, Project), filter);

    /// <summary>Lets a caller name only its own project; answering with nothing would hide the mistake.</summary>
    /// <param name="project">As the condition has it; a list never is one's own project.</param>
    /// <exception cref="ApiException">401: it is another one.</exception>
    public void Demand(string? project)
    {
        if (Project is not null && Project != project)
            throw ApiException.ProjectNotAuthorized(project ?? "None");
    }
}
